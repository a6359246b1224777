//! Calls the C functions in any order with any arguments that the header allows, and with the
//! mistakes that callers make: NULL, freed and foreign handles, lengths of 0 and SIZE_MAX, missing
//! places for results. Each call returns a status; no handle is left at the end.

use std::ffi::{CStr, c_char, c_void};
use std::ptr::null;

use secsmtp::ffi::arguments::Argument as FromC;
use secsmtp::ffi::batch::*;
use secsmtp::ffi::client::*;
use secsmtp::ffi::client_object::*;
use secsmtp::ffi::constants::SECSMTP_NUL_TERMINATED;
use secsmtp::ffi::credential::*;
use secsmtp::ffi::error::*;
use secsmtp::ffi::error_object::*;
use secsmtp::ffi::event::*;
use secsmtp::ffi::getters::*;
use secsmtp::ffi::job::*;
use secsmtp::ffi::library::*;
use secsmtp::ffi::message::*;
use secsmtp::ffi::message_preview::*;
use secsmtp::ffi::part::*;
use secsmtp::ffi::policy::*;
use secsmtp::ffi::reader::*;
use secsmtp::ffi::receipt::*;
use secsmtp::ffi::report::*;
use secsmtp::ffi::secret_request::*;
use secsmtp::ffi::signer::*;

#[path = "abi_calls.rs"]
mod calls;

use calls::CALLS;

/// A target: its name, which is also that of its corpus folder, and its function.
pub type Target = (&'static str, fn(&[u8]));

/// All targets of this file.
pub const ALL: [Target; 1] = [("abi_arguments", arguments)];

/// The limit of calls for one input.
const MAX_CALLS: usize = 64;

/// Interprets the bytes as a program: the number of a function, then the source of each argument.
pub fn arguments(data: &[u8]) {
    let mut input = Input {
        data,
        texts: Vec::new(),
        last_len: 0,
        text_len_is_next: false,
        handles: vec![0, 1, usize::MAX],
        clients: Vec::new(),
        cells: Box::new([0; 4]),
        next_cell: 0,
        restraint: Restraint::None,
    };
    for _ in 0..MAX_CALLS {
        if input.data.is_empty() {
            break;
        }
        let which = usize::from(input.byte()) % CALLS.len();
        CALLS[which](&mut input);
        input.texts.clear();
    }
    // Twice: a handle that is freed already gives a status, not a crash.
    for _ in 0..2 {
        for handle in input
            .handles
            .clone()
            .into_iter()
            .chain(input.clients.clone())
        {
            free(handle);
        }
    }
    for handle in input.handles.into_iter().chain(input.clients) {
        let status = secsmtp_error_status(handle as *const secsmtp_error);
        assert!(status < 0, "a handle lives on: {status}");
    }
}

/// Frees a handle of any kind.
fn free(handle: usize) {
    // A function for one kind of handle rejects the others.
    secsmtp_policy_free(handle as *mut _);
    secsmtp_client_free(handle as *mut _);
    secsmtp_message_free(handle as *mut _);
    secsmtp_credential_free(handle as *mut _);
    secsmtp_receipt_free(handle as *mut _);
    secsmtp_report_free(handle as *mut _);
    secsmtp_part_free(handle as *mut _);
    secsmtp_batch_free(handle as *mut _);
    secsmtp_event_free(handle as *mut _);
    secsmtp_signer_free(handle as *mut _);
    secsmtp_error_free(handle as *mut _);
}

/// Arguments that no call gets, to protect the machine that runs the fuzzer.
#[derive(Clone, Copy, PartialEq)]
enum Restraint {
    None,
    /// No valid client: it would connect.
    NoClient,
    /// No existing path.
    NoFile,
}

struct Input<'a> {
    data: &'a [u8],
    /// Texts that the current call borrows, each NUL-terminated.
    texts: Vec<Vec<u8>>,
    last_len: usize,
    /// The next number is the length of a text.
    text_len_is_next: bool,
    handles: Vec<usize>,
    clients: Vec<usize>,
    /// Places for results.
    cells: Box<[usize; 4]>,
    next_cell: usize,
    restraint: Restraint,
}

impl Input<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.data.split_first() else {
            return 0;
        };
        self.data = rest;
        *first
    }

    fn number(&mut self) -> i64 {
        match self.byte() {
            0xf0 => i64::from(i32::MIN),
            0xf1 => i64::from(i32::MAX),
            0xf2 => i64::MAX,
            0xf3 => i64::MIN,
            0xf4 => -1,
            byte => i64::from(byte),
        }
    }

    /// A text of up to 255 bytes of the input, or NULL.
    fn text(&mut self) -> *const u8 {
        let shape = self.byte();
        if shape == 0xff {
            self.last_len = 0;
            return null();
        }
        let len = usize::from(shape).min(self.data.len());
        let (text, rest) = self.data.split_at(len);
        self.data = rest;
        let mut text = text.to_vec();
        if self.restraint == Restraint::NoFile {
            text.splice(0..0, *b"no-such-folder/");
        }
        self.last_len = text.len();
        text.push(0);
        self.texts.push(text);
        self.texts.last().map_or(null(), |text| text.as_ptr())
    }

    fn handle(&mut self) -> usize {
        let byte = usize::from(self.byte());
        let clients = match self.restraint {
            Restraint::NoClient => &[][..],
            _ => &self.clients,
        };
        let all: Vec<usize> = self.handles.iter().chain(clients).copied().collect();
        // Count from the last: a call mostly follows the one that made its object.
        all[all.len() - 1 - byte % all.len()]
    }

    /// A place for a result, or NULL.
    fn cell(&mut self) -> *mut usize {
        if self.byte() == 0xff {
            return std::ptr::null_mut();
        }
        self.next_cell += 1;
        &raw mut self.cells[(self.next_cell - 1) % 4]
    }

    /// Keeps the handles that a call returned.
    fn collect(&mut self, makes_clients: bool) {
        for cell in self.cells.iter_mut() {
            let handle = std::mem::take(cell);
            // A returned length is small; a handle is not.
            if handle > 1 << 20 {
                let is_error = secsmtp_error_status(handle as *const _) >= 0;
                let list = if makes_clients && !is_error {
                    &mut self.clients
                } else {
                    &mut self.handles
                };
                list.push(handle);
            }
        }
        self.next_cell = 0;
    }
}

/// An argument of a C function, made from the input by its type.
trait Argument {
    fn take(input: &mut Input<'_>) -> Self;
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl Argument for $type {
            fn take(input: &mut Input<'_>) -> Self { input.number() as $type }
        }
    )*};
}
numbers!(i32, u32, u64);

impl Argument for i64 {
    /// A number; behind a text a length that is true of it, or one that must be refused unread.
    fn take(input: &mut Input<'_>) -> Self {
        if !std::mem::take(&mut input.text_len_is_next) {
            return input.number();
        }
        match input.byte() {
            0xff => SECSMTP_NUL_TERMINATED,
            0xfe => i64::MIN,
            0xfd => 0,
            0xfc => input.last_len as i64 / 2,
            _ => input.last_len as i64,
        }
    }
}

macro_rules! handles {
    ($($type:ty),*) => {$(
        impl Argument for *mut $type {
            fn take(input: &mut Input<'_>) -> Self { input.handle() as *mut $type }
        }
        impl Argument for *const $type {
            fn take(input: &mut Input<'_>) -> Self { input.handle() as *const $type }
        }
    )*};
}
handles!(
    secsmtp_policy,
    secsmtp_client,
    secsmtp_message,
    secsmtp_credential,
    secsmtp_receipt,
    secsmtp_report,
    secsmtp_error,
    secsmtp_part,
    secsmtp_batch,
    secsmtp_event,
    secsmtp_signer,
    secsmtp_secret_request
);

impl Argument for FromC<*const c_char> {
    fn take(input: &mut Input<'_>) -> Self {
        input.text_len_is_next = true;
        // SAFETY: as for the whole call.
        unsafe { Self::new(input.text().cast()) }
    }
}

impl Argument for FromC<*const u8> {
    fn take(input: &mut Input<'_>) -> Self {
        // SAFETY: as for the whole call.
        unsafe { Self::new(input.text()) }
    }
}

impl Argument for usize {
    /// A length that is correct for the pointer before it, or beyond every limit so that the function
    /// rejects it before it reads.
    fn take(input: &mut Input<'_>) -> Self {
        match input.byte() {
            0xff => usize::MAX,
            0xfe => usize::MAX / 2,
            0xfd => 0,
            0xfc => input.last_len / 2,
            _ => input.last_len,
        }
    }
}

macro_rules! places {
    ($($type:ty),*) => {$(
        impl Argument for FromC<*mut $type> {
            fn take(input: &mut Input<'_>) -> Self {
                // SAFETY: as for the whole call: a cell has room for any of these.
                unsafe { Self::new(input.cell().cast()) }
            }
        }
    )*};
}
places!(
    usize,
    u64,
    i64,
    *mut secsmtp_policy,
    *mut secsmtp_client,
    *mut secsmtp_message,
    *mut secsmtp_credential,
    *mut secsmtp_receipt,
    *mut secsmtp_report,
    *mut secsmtp_error,
    *mut secsmtp_part,
    *mut secsmtp_batch,
    *mut secsmtp_event,
    *mut secsmtp_signer
);

impl Argument for FromC<*mut c_void> {
    fn take(_: &mut Input<'_>) -> Self {
        // SAFETY: no callback gets it.
        unsafe { Self::new(std::ptr::null_mut()) }
    }
}

macro_rules! no_callbacks {
    ($($type:ty),*) => {$(
        impl Argument for FromC<$type> {
            fn take(_: &mut Input<'_>) -> Self {
                // SAFETY: NULL is within the contract.
                unsafe { Self::new(None) }
            }
        }
    )*};
}
no_callbacks!(
    secsmtp_log_callback,
    secsmtp_event_callback,
    secsmtp_secret_callback,
    secsmtp_read_callback,
    secsmtp_release_callback,
    secsmtp_write_callback
);

/// The result of a C function, which is checked.
trait Answer {
    fn check(self);
}

impl Answer for i32 {
    fn check(self) {
        // SAFETY: any number has a name, or NULL.
        let name = unsafe { CStr::from_ptr(secsmtp_status_name(self.saturating_abs())) };
        assert!(name.to_str().is_ok());
    }
}

impl Answer for u64 {
    fn check(self) {}
}

impl Answer for i64 {
    fn check(self) {}
}

impl Answer for *const c_char {
    fn check(self) {
        assert!(!self.is_null(), "a text is never NULL");
        // SAFETY: the header promises a NUL-terminated text until the object is freed.
        let text = unsafe { CStr::from_ptr(self) };
        assert!(text.to_str().is_ok());
    }
}

/// Implements the call for functions with this number of arguments.
macro_rules! calls {
    ($($wrap:ident: $($arg:ident)+;)*) => {$(
        fn $wrap<$($arg: Argument,)+ R: Answer>(
            input: &mut Input<'_>,
            function: extern "C" fn($($arg),+) -> R,
            restraint: Restraint,
            makes_clients: bool,
        ) {
            input.restraint = restraint;
            $(#[allow(non_snake_case, reason = "types and values share their names")] let $arg = $arg::take(input);)+
            // Pointers are NULL, handles of any state, or live memory of at least the length that goes
            // with them; wrong lengths are beyond every limit.
            function($($arg),+).check();
            input.collect(makes_clients);
        }
    )*};
}
calls! {
    call1: A;
    call2: A B;
    call3: A B C;
    call4: A B C D;
    call5: A B C D E;
    call6: A B C D E F;
    call7: A B C D E F G;
    call8: A B C D E F G H;
}
