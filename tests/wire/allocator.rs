//! The allocator of these tests: it counts what a thread holds, looks for a secret in what is given back,
//! and counts the blocks of one size.
#![allow(unsafe_code, reason = "a global allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicI64, Ordering};

thread_local! {
    pub(crate) static LIVE: Cell<i64> = const { Cell::new(0) };
    pub(crate) static PEAK: Cell<i64> = const { Cell::new(0) };
    /// The pattern that is searched for, and the number of blocks in which it was found.
    static WATCH: RefCell<Watch> = const { RefCell::new(Watch { forms: Vec::new(), found: 0 }) };
}

struct Watch {
    forms: Vec<Vec<u8>>,
    found: usize,
}

/// No other block has this size: it is a secret's.
pub(crate) const RARE: usize = 7_103;

/// The blocks of that size, on all threads.
pub(crate) static RARE_BLOCKS: AtomicI64 = AtomicI64::new(0);

/// In how many blocks that `run` gives back on this thread any of the forms stands.
pub(crate) fn left_behind(forms: Vec<Vec<u8>>, run: impl FnOnce()) -> usize {
    WATCH.with_borrow_mut(|watch| *watch = Watch { forms, found: 0 });
    run();
    let before = Watch {
        forms: Vec::new(),
        found: 0,
    };
    let watch = WATCH.replace(before);
    watch.found
}

/// Runs code of the test's own, whose memory is not searched.
pub(crate) fn unwatched(run: &mut dyn FnMut()) {
    let before = Watch {
        forms: Vec::new(),
        found: 0,
    };
    let watch = WATCH.replace(before);
    run();
    WATCH.set(watch);
}

fn count(bytes: i64) {
    // A thread that is ending has no counters any more.
    let _ = LIVE.try_with(|live| {
        live.set(live.get() + bytes);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(live.get())));
    });
}

fn look(block: &[u8]) {
    let _ = WATCH.try_with(|watch| {
        // While it is changed nothing is looked for.
        if let Ok(mut watch) = watch.try_borrow_mut() {
            let found = |form: &Vec<u8>| block.windows(form.len()).any(|part| part == form);
            let found = watch.forms.iter().any(found);
            watch.found += usize::from(found);
        }
    });
}

fn count_rare(size: usize, blocks: i64) {
    if size == RARE {
        RARE_BLOCKS.fetch_add(blocks, Ordering::SeqCst);
    }
}

struct Counting;

// SAFETY: each call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed() as i64);
        count_rare(layout.size(), 1);
        // Zeros, so that what is looked at later was written since.
        // SAFETY: the same demands.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size().cast_signed() as i64));
        count_rare(layout.size(), -1);
        // SAFETY: the block is whole, and written: it was given out as zeros.
        look(unsafe { std::slice::from_raw_parts(pointer, layout.size()) });
        // SAFETY: the same demands.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;
