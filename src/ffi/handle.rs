//! Handles: what looks like a pointer is an index and a generation in a table, mixed with a number
//! drawn once per process. Nothing is ever read at it, so a freed, foreign or invented handle is a
//! status and not a crash.

use std::any::{Any, TypeId};
use std::sync::Arc;

use once_cell::race::OnceBox;
use ring::rand::{SecureRandom, SystemRandom};

use super::fork;
use crate::error::{Cause, Error};
use crate::status::Status;
use crate::sync::Mutex;

/// Bits of a handle: a double holds each such number exactly, for hosts that have no other.
const BITS: u32 = if usize::BITS >= 64 { 53 } else { usize::BITS };
const MASK: usize = usize::MAX >> (usize::BITS - BITS);
/// Those that hold the index; the others hold the generation.
const INDEX_BITS: u32 = if usize::BITS >= 64 { 24 } else { 16 };
const INDEX_MASK: usize = (1 << INDEX_BITS) - 1;
const LAST_GENERATION: usize = MASK >> INDEX_BITS;

type Object = Arc<dyn Any + Send + Sync>;

struct Slot {
    /// Counts the objects that stood here; begins at 1, so that no handle is 0 before mixing.
    generation: usize,
    object: Option<Object>,
    poisoned: bool,
}

/// The slots with their lock; generic, so that the tests can put a lock in its place whose every
/// interleaving is tried.
struct Table<L = Mutex<Slots>> {
    slots: L,
    key: usize,
}

/// Slots that one thread at a time reads or changes.
trait Lock {
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
struct Slots {
    all: Vec<Slot>,
    free: Vec<usize>,
}

/// What a host holds.
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

/// The one table, made with the first handle. Threads that come at the same time each make one, and the
/// first wins: a fork can't leave it half made, and the thread that won has watched for forks before.
static TABLE: OnceBox<Table> = OnceBox::new();

/// The table; without random numbers there is none.
fn table() -> Result<&'static Table, Error> {
    TABLE.get_or_try_init(|| {
        let mut bytes = [0_u8; size_of::<usize>()];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| Error::local(Cause::Random))?;
        super::pin::pin();
        fork::watch()?;
        Ok(Box::new(Table {
            slots: Lock::new(Slots::default()),
            key: usize::from_ne_bytes(bytes) & MASK,
        }))
    })
}

/// The table's lock, if there is a table.
#[cfg(unix)]
pub(super) fn hold() -> Option<SlotsGuard> {
    TABLE.get().map(|table| SlotsGuard(table.slots.lock()))
}

/// Nothing of the table changes while this lives.
#[cfg(unix)]
pub(super) struct SlotsGuard(
    #[expect(dead_code, reason = "it is held")] crate::sync::MutexGuard<'static, Slots>,
);

impl<L: Lock> Table<L> {
    /// If the table is full, the object is dropped here and without the lock: that may call the host.
    fn insert(&self, object: Object) -> Result<Handle, Error> {
        self.slots.with(|slots| slots.insert(self.key, &object))
    }

    fn fill(&self, handle: Handle, object: Object) {
        let (index, _) = split(handle, self.key);
        let _reserved = self.slots.with(|slots| {
            let slot = slots.all.get_mut(index)?;
            slot.object.replace(Arc::clone(&object))
        });
    }

    fn get<T: Any + Send + Sync>(
        &self,
        handle: Handle,
        noun: &'static str,
    ) -> Result<Arc<T>, Error> {
        let object = self.find(handle, TypeId::of::<T>(), noun)?;
        object.downcast().map_err(|_| bad(noun))
    }

    /// The object of a handle, if it is of this kind; the same code for all of them.
    fn find(&self, handle: Handle, kind: TypeId, noun: &'static str) -> Result<Object, Error> {
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

    fn remove<T: Any + Send + Sync>(
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
    fn insert(&mut self, key: usize, object: &Object) -> Result<Handle, Error> {
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
            // The one value that hosts read as no object; its slot moves on by a generation.
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

/// Puts an object into the table.
pub(super) fn insert<T: Any + Send + Sync>(object: T) -> Result<Handle, Error> {
    table()?.insert(Arc::new(object))
}

/// A handle whose object comes later; given back if it never does.
pub(super) struct Reservation(Handle);

/// Makes sure of a handle.
pub(super) fn reserve() -> Result<Reservation, Error> {
    insert(()).map(Reservation)
}

impl Reservation {
    /// Puts the object into its place.
    pub(super) fn fill<T: Any + Send + Sync>(self, object: T) -> Handle {
        let handle = self.0;
        std::mem::forget(self);
        if let Ok(table) = table() {
            table.fill(handle, Arc::new(object));
        }
        handle
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let _ = remove::<()>(self.0, "reservation");
    }
}

/// The object of a handle, alive for as long as the caller keeps it, whoever frees the handle.
pub(super) fn get<T: Any + Send + Sync>(
    handle: Handle,
    noun: &'static str,
) -> Result<Arc<T>, Error> {
    if handle == Handle::NONE {
        return Err(Error::argument(Status::Null, noun, "is NULL"));
    }
    table()?.get(handle, noun)
}

/// Takes an object out; calls that still hold it finish with it.
pub(super) fn remove<T: Any + Send + Sync>(
    handle: Handle,
    noun: &'static str,
) -> Result<Arc<T>, Error> {
    table()?.remove(handle, noun)
}

/// Marks an object on which something panicked: each later call on it says so.
pub(super) fn poison(handle: Handle) {
    let Ok(table) = table() else { return };
    let (index, generation) = split(handle, table.key);
    table.slots.with(|slots| {
        if let Some(slot) = slots
            .all
            .get_mut(index)
            .filter(|slot| slot.generation == generation)
        {
            slot.poisoned = true;
        }
    });
}

/// How many handles are alive.
pub(super) fn live() -> usize {
    let alive = |slots: &mut Slots| slots.all.iter().filter(|s| s.object.is_some()).count();
    table().map_or(0, |table| table.slots.with(alive))
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
    fn freed_foreign_and_invented_handles_are_a_status() {
        let number = insert(7_u32).unwrap();
        assert_eq!(*get::<u32>(number, "number").unwrap(), 7);
        assert_eq!(
            get::<u64>(number, "number").unwrap_err().status(),
            Status::BadHandle
        );
        assert_eq!(
            remove::<u64>(number, "number").unwrap_err().status(),
            Status::BadHandle
        );
        let kept = remove::<u32>(number, "number").unwrap();
        assert_eq!(*kept, 7);
        for dead in [number, Handle(1), Handle(usize::MAX), Handle(0x7fff_0000)] {
            assert_eq!(
                get::<u32>(dead, "number").unwrap_err().status(),
                Status::BadHandle
            );
            assert_eq!(
                remove::<u32>(dead, "number").unwrap_err().status(),
                Status::BadHandle
            );
        }
        assert_eq!(
            get::<u32>(Handle::NONE, "number").unwrap_err().status(),
            Status::Null
        );
        let next = insert(8_u32).unwrap();
        assert_ne!(next, number);
        assert!(get::<u32>(number, "number").is_err());
        remove::<u32>(next, "number").unwrap();
    }

    #[test]
    fn a_double_holds_each_handle_and_no_other_number_is_one() {
        for key in [0, 1, MASK, 0x0aaa_5555_3333 & MASK] {
            let table: Table = Table {
                slots: Lock::new(Slots::default()),
                key,
            };
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
        let table: Table = Table {
            slots: Lock::new(Slots::default()),
            key: MASK,
        };
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
        let handle = insert("text").unwrap();
        poison(handle);
        assert_eq!(
            get::<&str>(handle, "text").unwrap_err().status(),
            Status::Panic
        );
        assert!(remove::<&str>(handle, "text").is_ok());
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
