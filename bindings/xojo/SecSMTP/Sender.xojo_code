#tag Class
Protected Class Sender
Inherits Timer
	#tag Event
		Sub Action()
		  // On the main thread, some times a second: takes what there is, and waits for nothing.
		  // Free it before the event is raised: its handler may raise an exception, or release this object.
		  Var notice As Ptr
		  While mClient <> Nil And secsmtp_client_poll_event(mClient, 0, notice, Nil) = OK
		    Var kind As Int32 = secsmtp_event_kind(notice)
		    Var job As UInt64 = secsmtp_event_job(notice)
		    Var tag As UInt64 = secsmtp_event_tag(notice)
		    Var written As UInt64 = secsmtp_event_written(notice)
		    Var total As UInt64 = secsmtp_event_total(notice)
		    Var status As Int32 = secsmtp_event_status(notice)
		    Var outcome As Int32 = secsmtp_event_outcome(notice)
		    Var words As String = secsmtp_event_text(notice, Nil)
		    Call secsmtp_event_free(notice)
		    notice = Nil
		    Select Case kind
		    Case EVENT_PROGRESS
		      RaiseEvent Progress(job, tag, written, total)
		    Case EVENT_COMPLETED
		      mJobs = mJobs - 1
		      If mJobs = 0 Then RunMode = Timer.RunModes.Off
		      RaiseEvent Completed(job, tag, status, outcome, words.DefineEncoding(Encodings.UTF8))
		    End Select
		  Wend
		End Sub
	#tag EndEvent


	#tag Method, Flags = &h0
		Sub Cancel(job As UInt64)
		  // Completed comes nevertheless, and says what became of the mail. Too late is no harm.
		  Call secsmtp_client_cancel_job(mClient, job, Nil)
		End Sub
	#tag EndMethod

	#tag Method, Flags = &h0
		Sub Constructor(host As String, tlsMode As Int32, certificates As MemoryBlock, user As String, password As MemoryBlock)
		  // certificates: the PEM of those who may vouch for the host. password: UTF-8.
		  Var policy, credential, error As Ptr
		  
		  DemandLibrary
		  host = Utf8(host)
		  user = Utf8(user)
		  Try
		    Check(secsmtp_policy_new(policy, error), error)
		    Check(secsmtp_policy_set_tls_mode(policy, tlsMode, error), error)
		    Check(secsmtp_policy_add_ca(policy, certificates, certificates.Size, error), error)
		    Check(secsmtp_credential_new_password(user, user.Bytes, password, password.Size, credential, error), error)
		    Check(secsmtp_client_new(host, host.Bytes, 0, policy, mClient, error), error)
		    Check(secsmtp_client_set_credential(mClient, credential, error), error)
		    Check(secsmtp_client_set_events(mClient, EVENT_PROGRESS, LOG_INFO, error), error)
		  Finally
		    Call secsmtp_credential_free(credential)
		    Call secsmtp_policy_free(policy)
		  End Try
		End Sub
	#tag EndMethod

	#tag Method, Flags = &h0
		Sub Destructor()
		  Call secsmtp_client_free(mClient)
		  mClient = Nil
		End Sub
	#tag EndMethod

	#tag Method, Flags = &h0
		Function Submit(sender As String, recipients() As String, source As MemoryBlock, tag As UInt64 = 0) As UInt64
		  // Returns at once with the number of the job; Progress and Completed tell the rest, and have
		  // the tag, which is any number of yours.
		  Var mail, error As Ptr
		  Var job As UInt64
		  
		  sender = Utf8(sender)
		  Try
		    Check(secsmtp_message_new(mail, error), error)
		    Check(secsmtp_message_set_sender(mail, sender, sender.Bytes, error), error)
		    For Each recipient As String In recipients
		      recipient = Utf8(recipient)
		      Check(secsmtp_message_add_recipient(mail, recipient, recipient.Bytes, error), error)
		    Next
		    Check(secsmtp_message_set_content(mail, source, source.Size, error), error)
		    Check(secsmtp_client_submit(mClient, mail, tag, job, error), error)
		  Finally
		    Call secsmtp_message_free(mail)
		  End Try
		  mJobs = mJobs + 1
		  Period = 50
		  RunMode = Timer.RunModes.Multiple
		  Return job
		End Function
	#tag EndMethod


	#tag Hook, Flags = &h0
		Event Completed(job As UInt64, tag As UInt64, status As Int32, outcome As Int32, words As String)
	#tag EndHook

	#tag Hook, Flags = &h0
		Event Progress(job As UInt64, tag As UInt64, written As UInt64, total As UInt64)
	#tag EndHook


	#tag Property, Flags = &h21
		Private mClient As Ptr
	#tag EndProperty

	#tag Property, Flags = &h21
		Private mJobs As Integer
	#tag EndProperty


End Class
#tag EndClass
