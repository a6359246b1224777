//! The table of handles. A handle looks like a pointer, and is an index and a generation in the table,
//! mixed with a number that is drawn once per process. It is never dereferenced, so that a freed, foreign
//! or invented handle is a status and not a crash.

use std::any::{Any, TypeId};
use std::sync::Arc;

use once_cell::race::OnceBox;

use crate::error::{Cause, Error};
use crate::status::Status;
use crate::sync::Mutex;

/// Bits of a handle: a double holds each such number exactly, for hosts that have no other.
const BITS: u32 = if usize::BITS >= 64 { 53 } else { usize::BITS };
const MASK: usize = usize::MAX >> (usize::BITS - BITS);
/// The bits that hold the index; the others hold the generation.
const INDEX_BITS: u32 = if usize::BITS >= 64 { 24 } else { 16 };
const INDEX_MASK: usize = (1 << INDEX_BITS) - 1;
const LAST_GENERATION: usize = MASK >> INDEX_BITS;

type AnyObject = Arc<dyn Any + Send + Sync>;

struct Slot {
    /// Counts the objects that stood here; begins at 1, so that no handle is 0 before mixing.
    generation: usize,
    object: Option<AnyObject>,
    poisoned: bool,
}

/// The slots with their lock; generic, because loom's tests need a lock of loom's.
pub(super) struct Table<L = Mutex<Slots>> {
    slots: L,
    key: usize,
}

/// Slots that one thread at a time reads or changes.
pub(super) trait Lock {
    fn new(slots: Slots) -> Self;
    fn with<R>(&self, body: impl FnOnce(&mut Slots) -> R) -> R;
}

impl Lock for Mutex<Slots> {
    fn new(slots: Slots) -> Self {
        Self::new(slots)
    }

    fn with<R>(&self, body: impl FnOnce(&mut Slots) -> R) -> R {
        body(&mut self.lock())
    }
}

#[derive(Default)]
pub(super) struct Slots {
    all: Vec<Slot>,
    free: Vec<usize>,
}

/// A handle as the caller has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Handle(usize);

impl Handle {
    /// No object: functions that have none to poison.
    pub(super) const NONE: Self = Self(0);

    pub(super) fn of<T>(pointer: *const T) -> Self {
        Self(pointer.addr())
    }

    pub(super) fn as_ptr<T>(self) -> *mut T {
        std::ptr::without_provenance_mut(self.0)
    }
}

/// The table of the process, which is made with the first handle. Threads that come at the same time make
/// one each, and the first to store its table wins: a fork can't leave it half made.
pub(super) static TABLE: OnceBox<Table> = OnceBox::new();

/// The lock of the table, if there is a table. It is held across a fork.
#[cfg(unix)]
pub(super) fn lock() -> Option<TableLock> {
    TABLE.get().map(|table| TableLock(table.slots.lock()))
}

/// While it lives nothing in the table changes.
#[cfg(unix)]
pub(super) struct TableLock(
    #[expect(dead_code, reason = "it is held")] crate::sync::MutexGuard<'static, Slots>,
);

impl Table {
    /// An empty table whose handles are mixed with `key`.
    pub(super) fn new(key: usize) -> Self {
        Self {
            slots: Lock::new(Slots::default()),
            key: key & MASK,
        }
    }
}

impl<L: Lock> Table<L> {
    /// If the table is full, the object is dropped here and without the lock: that may run a callback.
    pub(super) fn insert(&self, object: AnyObject) -> Result<Handle, Error> {
        self.slots.with(|slots| slots.insert(self.key, &object))
    }

    pub(super) fn fill(&self, handle: Handle, object: AnyObject) {
        let (index, _) = split(handle, self.key);
        let _reserved = self.slots.with(|slots| {
            let slot = slots.all.get_mut(index)?;
            slot.object.replace(Arc::clone(&object))
        });
    }

    pub(super) fn get<T: Any + Send + Sync>(
        &self,
        handle: Handle,
        noun: &'static str,
    ) -> Result<Arc<T>, Error> {
        let object = self.find(handle, TypeId::of::<T>(), noun)?;
        object.downcast().map_err(|_| bad(noun))
    }

    /// The object of a handle, if it is of this type. It is not generic, so that its code is in the library
    /// once.
    fn find(&self, handle: Handle, kind: TypeId, noun: &'static str) -> Result<AnyObject, Error> {
        let (index, generation) = split(handle, self.key);
        self.slots.with(|slots| {
            let slot = slots
                .all
                .get(index)
                .filter(|slot| slot.generation == generation)
                .ok_or_else(|| bad(noun))?;
            match &slot.object {
                Some(object) if (**object).type_id() != kind => Err(bad(noun)),
                Some(_) if slot.poisoned => Err(Error::local(Cause::Panic)),
                Some(object) => Ok(Arc::clone(object)),
                None => Err(bad(noun)),
            }
        })
    }

    pub(super) fn remove<T: Any + Send + Sync>(
        &self,
        handle: Handle,
        noun: &'static str,
    ) -> Result<Arc<T>, Error> {
        let (index, generation) = split(handle, self.key);
        self.slots.with(|slots| {
            let slot = slots
                .all
                .get_mut(index)
                .filter(|slot| slot.generation == generation);
            let slot = slot.ok_or_else(|| bad(noun))?;
            let object = slot.object.take().ok_or_else(|| bad(noun))?;
            match object.downcast() {
                Ok(object) => {
                    slots.vacate(index, generation);
                    Ok(object)
                }
                Err(object) => {
                    slot.object = Some(object);
                    Err(bad(noun))
                }
            }
        })
    }
}

impl Slots {
    fn insert(&mut self, key: usize, object: &AnyObject) -> Result<Handle, Error> {
        let full = || {
            Error::local(Cause::Resource {
                what: "handle",
                kind: std::io::ErrorKind::OutOfMemory,
            })
        };
        loop {
            let index = match self.free.pop() {
                Some(index) => index,
                None if self.all.len() > INDEX_MASK => return Err(full()),
                None => {
                    self.all.try_reserve(1)?;
                    // Room for each handle that is freed: freeing one takes no memory.
                    self.free.try_reserve(self.all.len().saturating_add(1))?;
                    self.all.push(Slot {
                        generation: 0,
                        object: None,
                        poisoned: false,
                    });
                    self.all.len().saturating_sub(1)
                }
            };
            let slot = self.all.get_mut(index).ok_or_else(full)?;
            let generation = slot.generation.saturating_add(1);
            slot.generation = generation;
            let handle = Handle(((generation << INDEX_BITS) | index) ^ key);
            // the one value that callers read as no object; its slot moves on by a generation.
            if handle != Handle::NONE {
                slot.object = Some(Arc::clone(object));
                slot.poisoned = false;
                return Ok(handle);
            }
            self.vacate(index, generation);
        }
    }

    /// Lets a slot be used again, unless its generations are used up: no handle ever comes back.
    fn vacate(&mut self, index: usize, generation: usize) {
        if generation < LAST_GENERATION {
            self.free.push(index);
        }
    }
}

impl<L: Lock> Table<L> {
    /// Marks an object in whose call something panicked: each later call with it gives that status.
    pub(super) fn poison(&self, handle: Handle) {
        let (index, generation) = split(handle, self.key);
        self.slots.with(|slots| {
            if let Some(slot) = slots
                .all
                .get_mut(index)
                .filter(|slot| slot.generation == generation)
            {
                slot.poisoned = true;
            }
        });
    }

    /// The number of handles that are not freed.
    pub(super) fn live(&self) -> usize {
        self.slots.with(|slots| {
            slots
                .all
                .iter()
                .filter(|slot| slot.object.is_some())
                .count()
        })
    }
}

fn split(handle: Handle, key: usize) -> (usize, usize) {
    let plain = handle.0 ^ key;
    (plain & INDEX_MASK, plain >> INDEX_BITS)
}

fn bad(noun: &'static str) -> Error {
    Error::argument(
        Status::BadHandle,
        noun,
        "was freed, is of another kind, or never was a handle",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_double_holds_each_handle_and_no_other_number_is_one() {
        for key in [0, 1, MASK, 0x0aaa_5555_3333 & MASK] {
            let table = Table::new(key);
            for number in 0..1000_u32 {
                let handle = table.insert(Arc::new(number)).unwrap();
                let double = handle.0 as f64;
                assert!(handle != Handle::NONE && double < 2_f64.powi(53));
                assert_eq!(double as usize, handle.0);
                assert_eq!(*table.get::<u32>(handle, "number").unwrap(), number);
                for bit in 0..usize::BITS {
                    let other = Handle(handle.0 ^ (1 << bit));
                    let found = table.get::<u32>(other, "number").ok();
                    assert!(found.is_none_or(|found| *found != number));
                }
                if number % 3 == 0 {
                    table.remove::<u32>(handle, "number").unwrap();
                    assert!(table.get::<u32>(handle, "number").is_err());
                }
            }
        }
    }

    #[test]
    fn a_slot_whose_generations_are_used_up_is_retired() {
        let table = Table::new(MASK);
        let first = table.insert(Arc::new(1_u8)).unwrap();
        table.remove::<u8>(first, "number").unwrap();
        table
            .slots
            .with(|slots| slots.all[0].generation = LAST_GENERATION - 1);
        let last = table.insert(Arc::new(2_u8)).unwrap();
        assert!(last != Handle::NONE && last.0 <= MASK);
        table.remove::<u8>(last, "number").unwrap();
        let next = table.insert(Arc::new(3_u8)).unwrap();
        assert_ne!(split(next, MASK).0, split(last, MASK).0);
        assert!(table.get::<u8>(last, "number").is_err());
    }

    #[test]
    fn a_poisoned_object_says_so_until_it_is_freed() {
        let table = Table::new(1);
        let handle = table.insert(Arc::new("text")).unwrap();
        table.poison(handle);
        let error = table.get::<&str>(handle, "text").unwrap_err();
        assert_eq!(error.status(), Status::Panic);
        assert!(table.remove::<&str>(handle, "text").is_ok());
    }

    impl Lock for loom::sync::Mutex<Slots> {
        fn new(slots: Slots) -> Self {
            Self::new(slots)
        }

        fn with<R>(&self, body: impl FnOnce(&mut Slots) -> R) -> R {
            body(&mut self.lock().unwrap())
        }
    }

    /// Every interleaving of a use with two frees and a slot's next object: one free succeeds, and a
    /// handle never shows the object that came after its own.
    #[test]
    fn a_use_that_meets_a_free_gets_its_own_object_or_a_status() {
        loom::model(|| {
            let table: Arc<Table<loom::sync::Mutex<Slots>>> = Arc::new(Table {
                slots: Lock::new(Slots::default()),
                key: 0,
            });
            let first = table.insert(Arc::new(1_u8)).unwrap();
            let free = |table: &Arc<Table<_>>| {
                let table = Arc::clone(table);
                loom::thread::spawn(move || {
                    let freed = table.remove::<u8>(first, "number").is_ok();
                    (freed, freed.then(|| table.insert(Arc::new(2_u8)).unwrap()))
                })
            };
            let (one, two) = (free(&table), free(&table));
            if let Ok(number) = table.get::<u8>(first, "number") {
                assert_eq!(*number, 1);
            }
            let (one, two) = (one.join().unwrap(), two.join().unwrap());
            assert!(one.0 != two.0);
            let second = one.1.or(two.1).unwrap();
            assert_eq!(*table.get::<u8>(second, "number").unwrap(), 2);
            assert!(table.get::<u8>(first, "number").is_err());
        });
    }
}
