#tag Module
Protected Module SecSMTP
	#tag Method, Flags = &h21
		Private Sub Check(status As Int32, ByRef error As Ptr)
		  // Raises the library's own words. ByRef: read after the call that fills it, in any case.
		  If status = OK Then Return
		  
		  Var problem As New RuntimeException
		  problem.ErrorNumber = status
		  problem.Message = DefineEncoding(secsmtp_error_text(error, Nil), Encodings.UTF8)
		  Call secsmtp_error_free(error)
		  error = Nil
		  Raise problem
		End Sub
	#tag EndMethod

	#tag Method, Flags = &h21
		Private Sub DemandLibrary()
		  // Says where the library belongs, where a missing one would be a FunctionNotFoundException.
		  If IsAvailable Then Return
		  
		  Var problem As New PlatformNotSupportedException
		  problem.Message = "The library is missing or older than this module; it is looked for as " + kLib
		  Raise problem
		End Sub
	#tag EndMethod

	#tag Method, Flags = &h1
		Protected Function IsAvailable() As Boolean
		  // True if the library was found and is not older than this module.
		  If Not System.IsFunctionAvailable("secsmtp_abi_version", kLib) Then Return False
		  Return secsmtp_abi_version() >= ABI_VERSION
		End Function
	#tag EndMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_abi_version Lib kLib Alias "secsmtp_abi_version" () As UInt32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_batch_add Lib kLib Alias "secsmtp_batch_add" (batch As Ptr, message As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_batch_clear Lib kLib Alias "secsmtp_batch_clear" (batch As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_batch_count Lib kLib Alias "secsmtp_batch_count" (batch As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_batch_error Lib kLib Alias "secsmtp_batch_error" (batch As Ptr, index As Int32, ByRef failure_out As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_batch_free Lib kLib Alias "secsmtp_batch_free" (batch As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_batch_new Lib kLib Alias "secsmtp_batch_new" (ByRef batch_out As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_batch_receipt Lib kLib Alias "secsmtp_batch_receipt" (batch As Ptr, index As Int32, ByRef receipt_out As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_batch_set_connections Lib kLib Alias "secsmtp_batch_set_connections" (batch As Ptr, connections As UInt32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_batch_set_stop_on_error Lib kLib Alias "secsmtp_batch_set_stop_on_error" (batch As Ptr, stop As Int32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_batch_set_window Lib kLib Alias "secsmtp_batch_set_window" (batch As Ptr, messages As UInt32, bytes As UInt32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_batch_status Lib kLib Alias "secsmtp_batch_status" (batch As Ptr, index As Int32) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_answer_secret Lib kLib Alias "secsmtp_client_answer_secret" (client As Ptr, job As UInt64, secret As Ptr, secret_len As UInteger, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_answer_secret_text Lib kLib Alias "secsmtp_client_answer_secret_text" (client As Ptr, job As UInt64, secret As CString, secret_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_cancel Lib kLib Alias "secsmtp_client_cancel" (client As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_cancel_job Lib kLib Alias "secsmtp_client_cancel_job" (client As Ptr, job As UInt64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_close Lib kLib Alias "secsmtp_client_close" (client As Ptr, milliseconds As UInt32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_descriptor Lib kLib Alias "secsmtp_client_descriptor" (client As Ptr, ByRef descriptor_out As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_dispatch Lib kLib Alias "secsmtp_client_dispatch" (client As Ptr, milliseconds As UInt32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_free Lib kLib Alias "secsmtp_client_free" (client As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_new Lib kLib Alias "secsmtp_client_new" (host As CString, host_len As Int64, port As UInt32, policy As Ptr, ByRef client_out As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_poll_event Lib kLib Alias "secsmtp_client_poll_event" (client As Ptr, milliseconds As UInt32, ByRef event_out As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_probe Lib kLib Alias "secsmtp_client_probe" (client As Ptr, ByRef report_out As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_send Lib kLib Alias "secsmtp_client_send" (client As Ptr, message As Ptr, ByRef receipt_out As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_send_batch Lib kLib Alias "secsmtp_client_send_batch" (client As Ptr, batch As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_set_connect Lib kLib Alias "secsmtp_client_set_connect" (client As Ptr, address As CString, address_len As Int64, port As UInt32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_set_credential Lib kLib Alias "secsmtp_client_set_credential" (client As Ptr, credential As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_set_ehlo_name Lib kLib Alias "secsmtp_client_set_ehlo_name" (client As Ptr, name As CString, name_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_set_event_callback Lib kLib Alias "secsmtp_client_set_event_callback" (client As Ptr, callback As Ptr, user As Ptr, on_any_thread As Int32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_set_events Lib kLib Alias "secsmtp_client_set_events" (client As Ptr, kinds As Int32, max_level As Int32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_set_limits Lib kLib Alias "secsmtp_client_set_limits" (client As Ptr, max_connections As UInt32, max_jobs As UInt32, max_events As UInt32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_set_log Lib kLib Alias "secsmtp_client_set_log" (client As Ptr, callback As Ptr, user As Ptr, max_level As Int32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_set_rate Lib kLib Alias "secsmtp_client_set_rate" (client As Ptr, messages As UInt32, milliseconds As UInt32, burst As UInt32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_set_reuse Lib kLib Alias "secsmtp_client_set_reuse" (client As Ptr, idle_milliseconds As UInt32, max_messages As UInt32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_set_timeout Lib kLib Alias "secsmtp_client_set_timeout" (client As Ptr, stage As Int32, milliseconds As UInt32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_set_window Lib kLib Alias "secsmtp_client_set_window" (client As Ptr, jobs As UInt32, bytes As UInt32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_submit Lib kLib Alias "secsmtp_client_submit" (client As Ptr, message As Ptr, tag As UInt64, ByRef job_out As UInt64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_wait Lib kLib Alias "secsmtp_client_wait" (client As Ptr, job As UInt64, milliseconds As UInt32, ByRef receipt_out As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_client_wake Lib kLib Alias "secsmtp_client_wake" (client As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_constant Lib kLib Alias "secsmtp_constant" (name As CString, name_len As Int64) As Int64
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_credential_add_mechanism Lib kLib Alias "secsmtp_credential_add_mechanism" (credential As Ptr, mechanism As CString, mechanism_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_credential_free Lib kLib Alias "secsmtp_credential_free" (credential As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_credential_new_asked Lib kLib Alias "secsmtp_credential_new_asked" (user As CString, user_len As Int64, kind As Int32, callback As Ptr, context As Ptr, ByRef credential_out As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_credential_new_external Lib kLib Alias "secsmtp_credential_new_external" (identity As CString, identity_len As Int64, ByRef credential_out As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_credential_new_password Lib kLib Alias "secsmtp_credential_new_password" (user As CString, user_len As Int64, password As Ptr, password_len As UInteger, ByRef credential_out As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_credential_new_password_text Lib kLib Alias "secsmtp_credential_new_password_text" (user As CString, user_len As Int64, password As CString, password_len As Int64, ByRef credential_out As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_credential_new_token Lib kLib Alias "secsmtp_credential_new_token" (user As CString, user_len As Int64, token As Ptr, token_len As UInteger, ByRef credential_out As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_credential_new_token_text Lib kLib Alias "secsmtp_credential_new_token_text" (user As CString, user_len As Int64, token As CString, token_len As Int64, ByRef credential_out As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_credential_set_binding_type Lib kLib Alias "secsmtp_credential_set_binding_type" (credential As Ptr, binding_type As Int32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_credential_set_channel_binding Lib kLib Alias "secsmtp_credential_set_channel_binding" (credential As Ptr, channel_binding As Int32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_credential_set_max_iterations Lib kLib Alias "secsmtp_credential_set_max_iterations" (credential As Ptr, max_iterations As UInt32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_credential_set_min_mechanism Lib kLib Alias "secsmtp_credential_set_min_mechanism" (credential As Ptr, mechanism As CString, mechanism_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_debug_live_handles Lib kLib Alias "secsmtp_debug_live_handles" () As Int64
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_error_argument Lib kLib Alias "secsmtp_error_argument" (error As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_error_content_released Lib kLib Alias "secsmtp_error_content_released" (error As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_error_enhanced_code Lib kLib Alias "secsmtp_error_enhanced_code" (error As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_error_free Lib kLib Alias "secsmtp_error_free" (error As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_error_json Lib kLib Alias "secsmtp_error_json" (error As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_error_outcome Lib kLib Alias "secsmtp_error_outcome" (error As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_error_receipt Lib kLib Alias "secsmtp_error_receipt" (error As Ptr, ByRef receipt_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_error_retry Lib kLib Alias "secsmtp_error_retry" (error As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_error_secret_released Lib kLib Alias "secsmtp_error_secret_released" (error As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_error_server_text Lib kLib Alias "secsmtp_error_server_text" (error As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_error_smtp_code Lib kLib Alias "secsmtp_error_smtp_code" (error As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_error_stage Lib kLib Alias "secsmtp_error_stage" (error As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_error_status Lib kLib Alias "secsmtp_error_status" (error As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_error_text Lib kLib Alias "secsmtp_error_text" (error As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_event_dropped Lib kLib Alias "secsmtp_event_dropped" (notice As Ptr) As UInt64
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_event_error Lib kLib Alias "secsmtp_event_error" (notice As Ptr, ByRef failure_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_event_free Lib kLib Alias "secsmtp_event_free" (notice As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_event_index Lib kLib Alias "secsmtp_event_index" (notice As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_event_job Lib kLib Alias "secsmtp_event_job" (notice As Ptr) As UInt64
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_event_json Lib kLib Alias "secsmtp_event_json" (notice As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_event_kind Lib kLib Alias "secsmtp_event_kind" (notice As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_event_level Lib kLib Alias "secsmtp_event_level" (notice As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_event_outcome Lib kLib Alias "secsmtp_event_outcome" (notice As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_event_receipt Lib kLib Alias "secsmtp_event_receipt" (notice As Ptr, ByRef receipt_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_event_secret_kind Lib kLib Alias "secsmtp_event_secret_kind" (notice As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_event_secret_reason Lib kLib Alias "secsmtp_event_secret_reason" (notice As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_event_smtp_code Lib kLib Alias "secsmtp_event_smtp_code" (notice As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_event_stage Lib kLib Alias "secsmtp_event_stage" (notice As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_event_status Lib kLib Alias "secsmtp_event_status" (notice As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_event_tag Lib kLib Alias "secsmtp_event_tag" (notice As Ptr) As UInt64
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_event_text Lib kLib Alias "secsmtp_event_text" (notice As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_event_total Lib kLib Alias "secsmtp_event_total" (notice As Ptr) As UInt64
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_event_written Lib kLib Alias "secsmtp_event_written" (notice As Ptr) As UInt64
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_feature Lib kLib Alias "secsmtp_feature" (name As CString, name_len As Int64) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_known_servers_learn Lib kLib Alias "secsmtp_known_servers_learn" (path As CString, path_len As Int64, host As CString, host_len As Int64, port As UInt32, pin As CString, pin_len As Int64, by As CString, by_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_add_address Lib kLib Alias "secsmtp_message_add_address" (message As Ptr, field As Int32, address As CString, address_len As Int64, name As CString, name_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_add_addresses Lib kLib Alias "secsmtp_message_add_addresses" (message As Ptr, field As Int32, list As CString, list_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_add_alternative Lib kLib Alias "secsmtp_message_add_alternative" (message As Ptr, part As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_add_finished_header Lib kLib Alias "secsmtp_message_add_finished_header" (message As Ptr, name As CString, name_len As Int64, value As CString, value_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_add_header Lib kLib Alias "secsmtp_message_add_header" (message As Ptr, name As CString, name_len As Int64, value As CString, value_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_add_in_reply_to Lib kLib Alias "secsmtp_message_add_in_reply_to" (message As Ptr, id As CString, id_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_add_part Lib kLib Alias "secsmtp_message_add_part" (message As Ptr, part As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_add_recipient Lib kLib Alias "secsmtp_message_add_recipient" (message As Ptr, address As CString, address_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_add_reference Lib kLib Alias "secsmtp_message_add_reference" (message As Ptr, id As CString, id_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_add_signer Lib kLib Alias "secsmtp_message_add_signer" (message As Ptr, signer As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_add_unsubscribe Lib kLib Alias "secsmtp_message_add_unsubscribe" (message As Ptr, uri As CString, uri_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_attach_file Lib kLib Alias "secsmtp_message_attach_file" (message As Ptr, path As CString, path_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_attach_memory Lib kLib Alias "secsmtp_message_attach_memory" (message As Ptr, name As CString, name_len As Int64, bytes As Ptr, bytes_len As UInteger, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_free Lib kLib Alias "secsmtp_message_free" (message As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_id Lib kLib Alias "secsmtp_message_id" (message As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_new Lib kLib Alias "secsmtp_message_new" (ByRef message_out As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_preview Lib kLib Alias "secsmtp_message_preview" (message As Ptr, write As Ptr, user As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_preview_buffer Lib kLib Alias "secsmtp_message_preview_buffer" (message As Ptr, buffer As Ptr, room As UInteger, len_out As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_preview_file Lib kLib Alias "secsmtp_message_preview_file" (message As Ptr, path As CString, path_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_set_calendar Lib kLib Alias "secsmtp_message_set_calendar" (message As Ptr, calendar_method As CString, calendar_method_len As Int64, calendar As CString, calendar_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_set_content Lib kLib Alias "secsmtp_message_set_content" (message As Ptr, content As Ptr, content_len As UInteger, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_set_content_by Lib kLib Alias "secsmtp_message_set_content_by" (message As Ptr, content As Ptr, content_len As UInteger, rules As Int32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_set_content_file Lib kLib Alias "secsmtp_message_set_content_file" (message As Ptr, path As CString, path_len As Int64, rules As Int32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_set_content_reader Lib kLib Alias "secsmtp_message_set_content_reader" (message As Ptr, read As Ptr, release As Ptr, user As Ptr, size As Int64, rules As Int32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_set_date Lib kLib Alias "secsmtp_message_set_date" (message As Ptr, seconds As Int64, zone_minutes As Int32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_set_deliver_by Lib kLib Alias "secsmtp_message_set_deliver_by" (message As Ptr, seconds As Int32, late As Int32, trace As Int32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_set_envelope_id Lib kLib Alias "secsmtp_message_set_envelope_id" (message As Ptr, id As CString, id_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_set_hold_for Lib kLib Alias "secsmtp_message_set_hold_for" (message As Ptr, seconds As UInt32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_set_hold_until Lib kLib Alias "secsmtp_message_set_hold_until" (message As Ptr, moment As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_set_html Lib kLib Alias "secsmtp_message_set_html" (message As Ptr, html As CString, html_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_set_message_id Lib kLib Alias "secsmtp_message_set_message_id" (message As Ptr, id As CString, id_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_set_mt_priority Lib kLib Alias "secsmtp_message_set_mt_priority" (message As Ptr, priority As Int32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_set_notify Lib kLib Alias "secsmtp_message_set_notify" (message As Ptr, events As Int32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_set_one_click Lib kLib Alias "secsmtp_message_set_one_click" (message As Ptr, one_click As Int32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_set_original_recipient Lib kLib Alias "secsmtp_message_set_original_recipient" (message As Ptr, index As Int32, address As CString, address_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_set_partial Lib kLib Alias "secsmtp_message_set_partial" (message As Ptr, partial As Int32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_set_priority Lib kLib Alias "secsmtp_message_set_priority" (message As Ptr, priority As Int32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_set_require_tls Lib kLib Alias "secsmtp_message_set_require_tls" (message As Ptr, require As Int32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_set_return Lib kLib Alias "secsmtp_message_set_return" (message As Ptr, what As Int32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_set_sender Lib kLib Alias "secsmtp_message_set_sender" (message As Ptr, address As CString, address_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_set_subject Lib kLib Alias "secsmtp_message_set_subject" (message As Ptr, subject As CString, subject_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_set_text Lib kLib Alias "secsmtp_message_set_text" (message As Ptr, text As CString, text_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_message_size Lib kLib Alias "secsmtp_message_size" (message As Ptr) As Int64
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_outcome_name Lib kLib Alias "secsmtp_outcome_name" (outcome As Int32) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_part_free Lib kLib Alias "secsmtp_part_free" (part As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_part_new_file Lib kLib Alias "secsmtp_part_new_file" (path As CString, path_len As Int64, ByRef part_out As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_part_new_memory Lib kLib Alias "secsmtp_part_new_memory" (bytes As Ptr, bytes_len As UInteger, ByRef part_out As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_part_new_reader Lib kLib Alias "secsmtp_part_new_reader" (read As Ptr, release As Ptr, user As Ptr, size As Int64, ByRef part_out As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_part_set_cached Lib kLib Alias "secsmtp_part_set_cached" (part As Ptr, cached As Int32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_part_set_content_id Lib kLib Alias "secsmtp_part_set_content_id" (part As Ptr, id As CString, id_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_part_set_name Lib kLib Alias "secsmtp_part_set_name" (part As Ptr, name As CString, name_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_part_set_type Lib kLib Alias "secsmtp_part_set_type" (part As Ptr, media_type As CString, media_type_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_policy_add_ca Lib kLib Alias "secsmtp_policy_add_ca" (policy As Ptr, certificates As Ptr, certificates_len As UInteger, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_policy_add_ca_file Lib kLib Alias "secsmtp_policy_add_ca_file" (policy As Ptr, path As CString, path_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_policy_add_certificate Lib kLib Alias "secsmtp_policy_add_certificate" (policy As Ptr, certificate As Ptr, certificate_len As UInteger, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_policy_add_certificate_file Lib kLib Alias "secsmtp_policy_add_certificate_file" (policy As Ptr, path As CString, path_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_policy_add_crl Lib kLib Alias "secsmtp_policy_add_crl" (policy As Ptr, list As Ptr, list_len As UInteger, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_policy_add_crl_file Lib kLib Alias "secsmtp_policy_add_crl_file" (policy As Ptr, path As CString, path_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_policy_add_known_servers Lib kLib Alias "secsmtp_policy_add_known_servers" (policy As Ptr, path As CString, path_len As Int64, host As CString, host_len As Int64, port As UInt32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_policy_add_mozilla_roots Lib kLib Alias "secsmtp_policy_add_mozilla_roots" (policy As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_policy_add_pin Lib kLib Alias "secsmtp_policy_add_pin" (policy As Ptr, pin As CString, pin_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_policy_add_pin_file Lib kLib Alias "secsmtp_policy_add_pin_file" (policy As Ptr, path As CString, path_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_policy_add_pin_with_window Lib kLib Alias "secsmtp_policy_add_pin_with_window" (policy As Ptr, pin As CString, pin_len As Int64, not_before As Int64, not_after As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_policy_add_system_roots Lib kLib Alias "secsmtp_policy_add_system_roots" (policy As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_policy_free Lib kLib Alias "secsmtp_policy_free" (policy As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_policy_new Lib kLib Alias "secsmtp_policy_new" (ByRef policy_out As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_policy_set_client_certificate Lib kLib Alias "secsmtp_policy_set_client_certificate" (policy As Ptr, chain As Ptr, chain_len As UInteger, key As Ptr, key_len As UInteger, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_policy_set_client_certificate_text Lib kLib Alias "secsmtp_policy_set_client_certificate_text" (policy As Ptr, chain As CString, chain_len As Int64, key As CString, key_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_policy_set_min_tls Lib kLib Alias "secsmtp_policy_set_min_tls" (policy As Ptr, tls_version As Int32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_policy_set_strict Lib kLib Alias "secsmtp_policy_set_strict" (policy As Ptr, strict As Int32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_policy_set_tls_mode Lib kLib Alias "secsmtp_policy_set_tls_mode" (policy As Ptr, tls_mode As Int32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_policy_verify_chain Lib kLib Alias "secsmtp_policy_verify_chain" (policy As Ptr, host As CString, host_len As Int64, chain As Ptr, chain_len As UInteger, at_unix_seconds As Int64, ByRef report_out As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_receipt_channel_binding Lib kLib Alias "secsmtp_receipt_channel_binding" (receipt As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_receipt_cipher_suite Lib kLib Alias "secsmtp_receipt_cipher_suite" (receipt As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_receipt_connection_reused Lib kLib Alias "secsmtp_receipt_connection_reused" (receipt As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_receipt_content_released Lib kLib Alias "secsmtp_receipt_content_released" (receipt As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_receipt_enhanced_code Lib kLib Alias "secsmtp_receipt_enhanced_code" (receipt As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_receipt_free Lib kLib Alias "secsmtp_receipt_free" (receipt As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_receipt_json Lib kLib Alias "secsmtp_receipt_json" (receipt As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_receipt_matched_pin Lib kLib Alias "secsmtp_receipt_matched_pin" (receipt As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_receipt_mechanism Lib kLib Alias "secsmtp_receipt_mechanism" (receipt As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_receipt_message_id Lib kLib Alias "secsmtp_receipt_message_id" (receipt As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_receipt_outcome Lib kLib Alias "secsmtp_receipt_outcome" (receipt As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_receipt_recipient_address Lib kLib Alias "secsmtp_receipt_recipient_address" (receipt As Ptr, index As Int32, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_receipt_recipient_count Lib kLib Alias "secsmtp_receipt_recipient_count" (receipt As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_receipt_recipient_enhanced_code Lib kLib Alias "secsmtp_receipt_recipient_enhanced_code" (receipt As Ptr, index As Int32, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_receipt_recipient_outcome Lib kLib Alias "secsmtp_receipt_recipient_outcome" (receipt As Ptr, index As Int32) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_receipt_recipient_smtp_code Lib kLib Alias "secsmtp_receipt_recipient_smtp_code" (receipt As Ptr, index As Int32) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_receipt_recipient_text Lib kLib Alias "secsmtp_receipt_recipient_text" (receipt As Ptr, index As Int32, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_receipt_secret_released Lib kLib Alias "secsmtp_receipt_secret_released" (receipt As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_receipt_server_text Lib kLib Alias "secsmtp_receipt_server_text" (receipt As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_receipt_smtp_code Lib kLib Alias "secsmtp_receipt_smtp_code" (receipt As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_receipt_spki Lib kLib Alias "secsmtp_receipt_spki" (receipt As Ptr, index As Int32, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_receipt_spki_count Lib kLib Alias "secsmtp_receipt_spki_count" (receipt As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_receipt_stage Lib kLib Alias "secsmtp_receipt_stage" (receipt As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_receipt_tls_version Lib kLib Alias "secsmtp_receipt_tls_version" (receipt As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_report_capability Lib kLib Alias "secsmtp_report_capability" (report As Ptr, index As Int32, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_report_capability_count Lib kLib Alias "secsmtp_report_capability_count" (report As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_report_certificate_count Lib kLib Alias "secsmtp_report_certificate_count" (report As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_report_certificate_issuer Lib kLib Alias "secsmtp_report_certificate_issuer" (report As Ptr, index As Int32, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_report_certificate_names Lib kLib Alias "secsmtp_report_certificate_names" (report As Ptr, index As Int32, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_report_certificate_not_after Lib kLib Alias "secsmtp_report_certificate_not_after" (report As Ptr, index As Int32, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_report_certificate_not_before Lib kLib Alias "secsmtp_report_certificate_not_before" (report As Ptr, index As Int32, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_report_certificate_spki Lib kLib Alias "secsmtp_report_certificate_spki" (report As Ptr, index As Int32, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_report_certificate_subject Lib kLib Alias "secsmtp_report_certificate_subject" (report As Ptr, index As Int32, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_report_cipher_suite Lib kLib Alias "secsmtp_report_cipher_suite" (report As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_report_free Lib kLib Alias "secsmtp_report_free" (report As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_report_greeting Lib kLib Alias "secsmtp_report_greeting" (report As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_report_json Lib kLib Alias "secsmtp_report_json" (report As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_report_matched_pin Lib kLib Alias "secsmtp_report_matched_pin" (report As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_report_mechanism Lib kLib Alias "secsmtp_report_mechanism" (report As Ptr, index As Int32, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_report_mechanism_count Lib kLib Alias "secsmtp_report_mechanism_count" (report As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_report_text Lib kLib Alias "secsmtp_report_text" (report As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_report_tls_version Lib kLib Alias "secsmtp_report_tls_version" (report As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_report_verdict Lib kLib Alias "secsmtp_report_verdict" (report As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_report_verdict_text Lib kLib Alias "secsmtp_report_verdict_text" (report As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_secret_request_answer Lib kLib Alias "secsmtp_secret_request_answer" (request As Ptr, secret As Ptr, secret_len As UInteger, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_secret_request_answer_text Lib kLib Alias "secsmtp_secret_request_answer_text" (request As Ptr, secret As CString, secret_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_secret_request_host Lib kLib Alias "secsmtp_secret_request_host" (request As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_secret_request_kind Lib kLib Alias "secsmtp_secret_request_kind" (request As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_secret_request_port Lib kLib Alias "secsmtp_secret_request_port" (request As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_secret_request_reason Lib kLib Alias "secsmtp_secret_request_reason" (request As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_secret_request_user Lib kLib Alias "secsmtp_secret_request_user" (request As Ptr, len_out As Ptr) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_signer_free Lib kLib Alias "secsmtp_signer_free" (signer As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_signer_new Lib kLib Alias "secsmtp_signer_new" (domain As CString, domain_len As Int64, selector As CString, selector_len As Int64, key As Ptr, key_len As UInteger, ByRef signer_out As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_signer_new_file Lib kLib Alias "secsmtp_signer_new_file" (domain As CString, domain_len As Int64, selector As CString, selector_len As Int64, path As CString, path_len As Int64, ByRef signer_out As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_signer_new_text Lib kLib Alias "secsmtp_signer_new_text" (domain As CString, domain_len As Int64, selector As CString, selector_len As Int64, key As CString, key_len As Int64, ByRef signer_out As Ptr, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_signer_set_absent_fields Lib kLib Alias "secsmtp_signer_set_absent_fields" (signer As Ptr, names As CString, names_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_signer_set_fields Lib kLib Alias "secsmtp_signer_set_fields" (signer As Ptr, names As CString, names_len As Int64, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_signer_set_lifetime Lib kLib Alias "secsmtp_signer_set_lifetime" (signer As Ptr, seconds As UInt32, ByRef error_out As Ptr) As Int32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_stage_name Lib kLib Alias "secsmtp_stage_name" (stage As Int32) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_status_name Lib kLib Alias "secsmtp_status_name" (status As Int32) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_status_text Lib kLib Alias "secsmtp_status_text" (status As Int32) As CString
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_version_number Lib kLib Alias "secsmtp_version_number" () As UInt32
	#tag EndExternalMethod

	#tag ExternalMethod, Flags = &h21
		Private Soft Declare Function secsmtp_version_string Lib kLib Alias "secsmtp_version_string" () As CString
	#tag EndExternalMethod

	#tag Method, Flags = &h1
		Protected Sub SendMail(host As String, tlsMode As Int32, certificates As MemoryBlock, user As String, password As MemoryBlock, sender As String, recipients() As String, source As MemoryBlock)
		  // Sends one mail (such as EmailMessage.Source) and returns when the server has taken it; raises
		  // otherwise. certificates: the PEM of those who may vouch for the host. password: UTF-8.
		  // Blocks: call it in a console app or in a preemptive thread.
		  Var policy, credential, mail, client, receipt, error As Ptr
		  
		  DemandLibrary
		  host = Utf8(host)
		  user = Utf8(user)
		  sender = Utf8(sender)
		  Try
		    Check(secsmtp_policy_new(policy, error), error)
		    Check(secsmtp_policy_set_tls_mode(policy, tlsMode, error), error)
		    Check(secsmtp_policy_add_ca(policy, certificates, certificates.Size, error), error)
		    Check(secsmtp_credential_new_password(user, user.Bytes, password, password.Size, credential, error), error)
		    Check(secsmtp_message_new(mail, error), error)
		    Check(secsmtp_message_set_sender(mail, sender, sender.Bytes, error), error)
		    For Each recipient As String In recipients
		      recipient = Utf8(recipient)
		      Check(secsmtp_message_add_recipient(mail, recipient, recipient.Bytes, error), error)
		    Next
		    Check(secsmtp_message_set_content(mail, source, source.Size, error), error)
		    Check(secsmtp_client_new(host, host.Bytes, 0, policy, client, error), error)
		    Check(secsmtp_client_set_credential(client, credential, error), error)
		    Check(secsmtp_client_send(client, mail, receipt, error), error)
		  Finally
		    Call secsmtp_receipt_free(receipt)
		    Call secsmtp_client_free(client)
		    Call secsmtp_message_free(mail)
		    Call secsmtp_credential_free(credential)
		    Call secsmtp_policy_free(policy)
		  End Try
		End Sub
	#tag EndMethod

	#tag Method, Flags = &h21
		Private Function Utf8(text As String) As String
		  // As the library wants text. A CString ends at the first NUL, so that the length of a text
		  // with a NUL in it would reach beyond the text. Bytes without an encoding are not text yet.
		  If text.Encoding Is Nil Or text.IndexOfBytes(Chr(0)) >= 0 Then Raise New UnsupportedFormatException
		  Return text.ConvertEncoding(Encodings.UTF8)
		End Function
	#tag EndMethod


	#tag Note, Name = About
		libsecsmtp for Xojo: the declares of the C interface, its numbers, and SendMail as an example.
		Generated by "make generate" from include/secsmtp.h, which documents each function.
		
		Text goes in as CString and its length in bytes, bytes as Ptr (a MemoryBlock) and length.
		len_out may be Nil. A text that comes out is UTF-8 and belongs to its object: assign it to a
		String before freeing the object, and wrap it in DefineEncoding(..., Encodings.UTF8).
	#tag EndNote


	#tag Constant, Name = ABI_VERSION, Type = Double, Dynamic = False, Default = \"1", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = BINDING_TLS_EXPORTER, Type = Double, Dynamic = False, Default = \"0", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = BINDING_TLS_SERVER_END_POINT, Type = Double, Dynamic = False, Default = \"1", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = CHANNEL_BINDING_OFF, Type = Double, Dynamic = False, Default = \"0", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = CHANNEL_BINDING_PREFER, Type = Double, Dynamic = False, Default = \"1", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = CHANNEL_BINDING_REQUIRE, Type = Double, Dynamic = False, Default = \"2", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = CONTENT_BINARY, Type = Double, Dynamic = False, Default = \"2", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = CONTENT_ENVELOPE, Type = Double, Dynamic = False, Default = \"4", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = CONTENT_STRICT, Type = Double, Dynamic = False, Default = \"1", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_ADDRESS, Type = Double, Dynamic = False, Default = \"1009", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_AUTH_MISSING, Type = Double, Dynamic = False, Default = \"5006", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_AUTH_REFUSED, Type = Double, Dynamic = False, Default = \"6001", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_BACK_OFF, Type = Double, Dynamic = False, Default = \"2009", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_BAD_CERTIFICATE, Type = Double, Dynamic = False, Default = \"4009", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_BAD_HANDLE, Type = Double, Dynamic = False, Default = \"1001", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_BEYOND_LIMIT, Type = Double, Dynamic = False, Default = \"5022", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_BYTES_BEFORE_TLS, Type = Double, Dynamic = False, Default = \"4012", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_CANCELLED, Type = Double, Dynamic = False, Default = \"2001", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_CERTIFICATE, Type = Double, Dynamic = False, Default = \"1014", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_CERTIFICATE_MISMATCH, Type = Double, Dynamic = False, Default = \"4004", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_CHANNEL_BINDING, Type = Double, Dynamic = False, Default = \"5011", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_CLOSED, Type = Double, Dynamic = False, Default = \"2004", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_CLOSING, Type = Double, Dynamic = False, Default = \"5004", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_COMPOSITION, Type = Double, Dynamic = False, Default = \"1027", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_CONNECT, Type = Double, Dynamic = False, Default = \"3003", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_CONNECTION_LOST, Type = Double, Dynamic = False, Default = \"3004", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_CONTENT, Type = Double, Dynamic = False, Default = \"1020", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_CONTENT_REFUSED, Type = Double, Dynamic = False, Default = \"6004", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_CRL_EXPIRED, Type = Double, Dynamic = False, Default = \"4015", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_EHLO_NAME, Type = Double, Dynamic = False, Default = \"1010", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_EXPIRED, Type = Double, Dynamic = False, Default = \"4007", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_EXTENSION_MISSING, Type = Double, Dynamic = False, Default = \"5021", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_FILE, Type = Double, Dynamic = False, Default = \"1015", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_FORKED, Type = Double, Dynamic = False, Default = \"2008", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_FULL, Type = Double, Dynamic = False, Default = \"2005", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_HANDSHAKE, Type = Double, Dynamic = False, Default = \"4002", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_HEADER, Type = Double, Dynamic = False, Default = \"1026", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_HOST, Type = Double, Dynamic = False, Default = \"1006", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_LENGTH, Type = Double, Dynamic = False, Default = \"1003", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_LOOKUP, Type = Double, Dynamic = False, Default = \"3001", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_LOOKUP_BUSY, Type = Double, Dynamic = False, Default = \"3002", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_MALFORMED_REPLY, Type = Double, Dynamic = False, Default = \"5001", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_MECHANISM, Type = Double, Dynamic = False, Default = \"1012", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_MECHANISM_MISSING, Type = Double, Dynamic = False, Default = \"5007", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_NAME_MISMATCH, Type = Double, Dynamic = False, Default = \"4006", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_NEEDS_8BIT, Type = Double, Dynamic = False, Default = \"5009", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_NEEDS_BINARY, Type = Double, Dynamic = False, Default = \"1029", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_NEEDS_SMTPUTF8, Type = Double, Dynamic = False, Default = \"5010", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_NO_CLIENT_CERTIFICATE, Type = Double, Dynamic = False, Default = \"1022", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_NO_CONTENT, Type = Double, Dynamic = False, Default = \"1019", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_NO_RECIPIENT, Type = Double, Dynamic = False, Default = \"1018", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_NO_SECRET, Type = Double, Dynamic = False, Default = \"1023", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_NO_SENDER, Type = Double, Dynamic = False, Default = \"1017", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_NO_TRUST, Type = Double, Dynamic = False, Default = \"1016", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_NOT_BUILT, Type = Double, Dynamic = False, Default = \"1031", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_NOT_TLS, Type = Double, Dynamic = False, Default = \"4001", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_NOT_YET_VALID, Type = Double, Dynamic = False, Default = \"4008", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_NOTHING, Type = Double, Dynamic = False, Default = \"2003", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_NULL, Type = Double, Dynamic = False, Default = \"1002", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_OUTPUT, Type = Double, Dynamic = False, Default = \"1028", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_PANIC, Type = Double, Dynamic = False, Default = \"9001", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_PIN, Type = Double, Dynamic = False, Default = \"1013", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_PIN_MISMATCH, Type = Double, Dynamic = False, Default = \"4003", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_PORT, Type = Double, Dynamic = False, Default = \"1007", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_RANDOM, Type = Double, Dynamic = False, Default = \"9003", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_RECIPIENT_REFUSED, Type = Double, Dynamic = False, Default = \"6003", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_REENTRANT, Type = Double, Dynamic = False, Default = \"2007", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_REPLY_TOO_LONG, Type = Double, Dynamic = False, Default = \"5002", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_RESOURCE, Type = Double, Dynamic = False, Default = \"9002", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_REVOCATION_UNKNOWN, Type = Double, Dynamic = False, Default = \"4014", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_REVOKED, Type = Double, Dynamic = False, Default = \"4013", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_ROOTS, Type = Double, Dynamic = False, Default = \"1021", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_SECRET, Type = Double, Dynamic = False, Default = \"1011", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_SENDER_REFUSED, Type = Double, Dynamic = False, Default = \"6002", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_SERVER_NOT_AUTHENTICATED, Type = Double, Dynamic = False, Default = \"5012", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_SESSION_REFUSED, Type = Double, Dynamic = False, Default = \"6005", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_SIGNING_KEY, Type = Double, Dynamic = False, Default = \"1030", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_SOURCE, Type = Double, Dynamic = False, Default = \"1025", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_STARTTLS_MISSING, Type = Double, Dynamic = False, Default = \"4010", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_STARTTLS_REFUSED, Type = Double, Dynamic = False, Default = \"4011", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_TAKEN, Type = Double, Dynamic = False, Default = \"2006", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_TIMEOUT, Type = Double, Dynamic = False, Default = \"2002", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_TOO_LARGE, Type = Double, Dynamic = False, Default = \"5008", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_TOO_MANY_RECIPIENTS, Type = Double, Dynamic = False, Default = \"5020", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_UNEXPECTED_REPLY, Type = Double, Dynamic = False, Default = \"5003", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_UNKNOWN_ISSUER, Type = Double, Dynamic = False, Default = \"4005", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_UNSOLICITED, Type = Double, Dynamic = False, Default = \"5005", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_USER, Type = Double, Dynamic = False, Default = \"1008", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_UTF8, Type = Double, Dynamic = False, Default = \"1004", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = E_VALUE, Type = Double, Dynamic = False, Default = \"1005", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = EVENT_COMPLETED, Type = Double, Dynamic = False, Default = \"32", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = EVENT_DROPPED, Type = Double, Dynamic = False, Default = \"64", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = EVENT_LOG, Type = Double, Dynamic = False, Default = \"1", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = EVENT_PROGRESS, Type = Double, Dynamic = False, Default = \"4", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = EVENT_RECIPIENT, Type = Double, Dynamic = False, Default = \"8", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = EVENT_SECRET, Type = Double, Dynamic = False, Default = \"16", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = EVENT_STAGE, Type = Double, Dynamic = False, Default = \"2", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = FIELD_BCC, Type = Double, Dynamic = False, Default = \"6", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = FIELD_CC, Type = Double, Dynamic = False, Default = \"5", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = FIELD_FROM, Type = Double, Dynamic = False, Default = \"1", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = FIELD_REPLY_TO, Type = Double, Dynamic = False, Default = \"3", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = FIELD_SENDER, Type = Double, Dynamic = False, Default = \"2", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = FIELD_TO, Type = Double, Dynamic = False, Default = \"4", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = FOREVER, Type = Double, Dynamic = False, Default = \"4294967295", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = kLib, Type = String, Dynamic = False, Default = \"libsecsmtp.so", Scope = Private
		#Tag Instance, Platform = Mac OS, Language = Default, Definition  = \"@executable_path/../Frameworks/libsecsmtp.dylib"
		#Tag Instance, Platform = Windows, Language = Default, Definition  = \"secsmtp.dll"
		#Tag Instance, Platform = Linux, Language = Default, Definition  = \"libsecsmtp.so"
	#tag EndConstant

	#tag Constant, Name = LATE_NOTIFY, Type = Double, Dynamic = False, Default = \"2", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = LATE_RETURN, Type = Double, Dynamic = False, Default = \"1", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = LOG_DEBUG, Type = Double, Dynamic = False, Default = \"4", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = LOG_ERROR, Type = Double, Dynamic = False, Default = \"1", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = LOG_INFO, Type = Double, Dynamic = False, Default = \"3", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = LOG_WARNING, Type = Double, Dynamic = False, Default = \"2", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = MT_PRIORITY_NONE, Type = Double, Dynamic = False, Default = \"-100", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = NOTIFY_DELAY, Type = Double, Dynamic = False, Default = \"4", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = NOTIFY_FAILURE, Type = Double, Dynamic = False, Default = \"2", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = NOTIFY_NEVER, Type = Double, Dynamic = False, Default = \"8", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = NOTIFY_SUCCESS, Type = Double, Dynamic = False, Default = \"1", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = NUL_TERMINATED, Type = Double, Dynamic = False, Default = \"-1", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = OK, Type = Double, Dynamic = False, Default = \"0", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = OUTCOME_ACCEPTED, Type = Double, Dynamic = False, Default = \"3", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = OUTCOME_NONE, Type = Double, Dynamic = False, Default = \"0", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = OUTCOME_NOT_SENT, Type = Double, Dynamic = False, Default = \"1", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = OUTCOME_REFUSED, Type = Double, Dynamic = False, Default = \"2", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = OUTCOME_UNKNOWN, Type = Double, Dynamic = False, Default = \"4", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = PRIORITY_HIGH, Type = Double, Dynamic = False, Default = \"3", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = PRIORITY_LOW, Type = Double, Dynamic = False, Default = \"1", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = PRIORITY_NORMAL, Type = Double, Dynamic = False, Default = \"2", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = REASON_FIRST, Type = Double, Dynamic = False, Default = \"1", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = REASON_REFUSED, Type = Double, Dynamic = False, Default = \"2", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = RETRY_LATER, Type = Double, Dynamic = False, Default = \"1", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = RETRY_NEVER, Type = Double, Dynamic = False, Default = \"0", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = RETRY_UNKNOWN, Type = Double, Dynamic = False, Default = \"2", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = RETURN_FULL, Type = Double, Dynamic = False, Default = \"2", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = RETURN_HEADER, Type = Double, Dynamic = False, Default = \"1", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = SECRET_PASSWORD, Type = Double, Dynamic = False, Default = \"1", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = SECRET_TOKEN, Type = Double, Dynamic = False, Default = \"2", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = SIZE_UNKNOWN, Type = Double, Dynamic = False, Default = \"-1", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = STAGE_ALL, Type = Double, Dynamic = False, Default = \"0", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = STAGE_AUTH, Type = Double, Dynamic = False, Default = \"7", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = STAGE_CONNECT, Type = Double, Dynamic = False, Default = \"2", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = STAGE_CONTENT, Type = Double, Dynamic = False, Default = \"11", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = STAGE_DATA, Type = Double, Dynamic = False, Default = \"10", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = STAGE_EHLO, Type = Double, Dynamic = False, Default = \"4", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = STAGE_GREETING, Type = Double, Dynamic = False, Default = \"3", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = STAGE_MAIL, Type = Double, Dynamic = False, Default = \"8", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = STAGE_RCPT, Type = Double, Dynamic = False, Default = \"9", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = STAGE_REPLY, Type = Double, Dynamic = False, Default = \"12", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = STAGE_RESOLVE, Type = Double, Dynamic = False, Default = \"1", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = STAGE_STARTTLS, Type = Double, Dynamic = False, Default = \"5", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = STAGE_TLS, Type = Double, Dynamic = False, Default = \"6", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = TLS_1_2, Type = Double, Dynamic = False, Default = \"12", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = TLS_1_3, Type = Double, Dynamic = False, Default = \"13", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = TLS_MODE_IMPLICIT, Type = Double, Dynamic = False, Default = \"0", Scope = Protected
	#tag EndConstant

	#tag Constant, Name = TLS_MODE_STARTTLS, Type = Double, Dynamic = False, Default = \"1", Scope = Protected
	#tag EndConstant


End Module
#tag EndModule
