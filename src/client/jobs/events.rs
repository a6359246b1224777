//! The queue of events: bounded for droppable, never for completions; a plain value without a lock.

use std::collections::BTreeMap;

use super::event::{Event, EventData, JobId};

/// A place in the queue; it grows.
pub(super) type Place = u64;

/// Events in the order in which they came.
#[derive(Debug)]
pub(super) struct Events {
    waiting: BTreeMap<Place, Event>,
    next: Place,
    /// The maximum number of droppable events.
    room: usize,
    /// The number of waiting droppable events.
    droppable: usize,
    /// The place of the event that reports dropped ones.
    dropped: Option<Place>,
    /// The place of each job's latest progress event that was not polled: the next one replaces it.
    progress: BTreeMap<JobId, Place>,
}

impl Events {
    pub(super) fn new(room: usize) -> Self {
        Self {
            waiting: BTreeMap::new(),
            next: 1,
            room,
            droppable: 0,
            dropped: None,
            progress: BTreeMap::new(),
        }
    }

    /// Sets the limit of droppable events; those that wait are kept.
    pub(super) fn set_room(&mut self, room: usize) {
        self.room = room;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The place of the next event: events before it exist already.
    pub(super) fn end(&self) -> Place {
        self.next
    }

    /// Adds an event, unless it is droppable and there is no room.
    pub(super) fn push(&mut self, job: JobId, tag: u64, data: EventData) -> Option<Place> {
        if let EventData::Progress(..) = data
            && let Some(event) = self
                .progress
                .get(&job)
                .and_then(|place| self.waiting.get_mut(place))
        {
            event.data = data;
            return None;
        }
        if data.is_chatter() {
            if self.droppable >= self.room {
                self.drop_one();
                return None;
            }
            self.droppable += 1;
        }
        let is_progress = matches!(data, EventData::Progress(..));
        let place = self.put(Event { job, tag, data });
        if is_progress {
            self.progress.insert(job, place);
        }
        Some(place)
    }

    fn put(&mut self, event: Event) -> Place {
        let place = self.next;
        self.next += 1;
        self.waiting.insert(place, event);
        place
    }

    /// Counts one more dropped event, at the place of the first one.
    fn drop_one(&mut self) {
        let reported = self.dropped.and_then(|place| self.waiting.get_mut(&place));
        if let Some(Event {
            data: EventData::Dropped(count),
            ..
        }) = reported
        {
            *count += 1;
        } else {
            let data = EventData::Dropped(1);
            let (job, tag) = (0, 0);
            self.dropped = Some(self.put(Event { job, tag, data }));
        }
    }

    /// The first one, if it is before `end`.
    pub(super) fn pop(&mut self, end: Place) -> Option<Event> {
        let place = *self.waiting.keys().next().filter(|place| **place < end)?;
        self.take(place)
    }

    /// The one at a place.
    pub(super) fn take(&mut self, place: Place) -> Option<Event> {
        let event = self.waiting.remove(&place)?;
        if event.data.is_chatter() {
            self.droppable -= 1;
        }
        if self.progress.get(&event.job) == Some(&place) {
            self.progress.remove(&event.job);
        }
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Record, Stage};

    fn stage() -> EventData {
        EventData::Stage(Stage::Mail)
    }

    fn done() -> EventData {
        EventData::Completed(Box::new(Ok(Record::default())))
    }

    fn drain(events: &mut Events) -> Vec<Event> {
        std::iter::from_fn(|| events.pop(Place::MAX)).collect()
    }

    #[test]
    fn what_is_left_out_is_counted_and_told_and_completions_never_are() {
        let mut events = Events::new(2);
        for job in 1..=5 {
            events.push(job, 0, stage());
            events.push(job, 0, done());
        }
        let reported = drain(&mut events);
        let completed = |e: &&Event| matches!(e.data, EventData::Completed(_));
        assert_eq!(reported.iter().filter(completed).count(), 5);
        let dropped: Vec<_> = reported
            .iter()
            .filter_map(|e| match e.data {
                EventData::Dropped(count) => Some(count),
                _ => None,
            })
            .collect();
        assert_eq!(dropped, [3]);
        let loss = reported
            .iter()
            .find(|e| matches!(e.data, EventData::Dropped(_)));
        assert!(loss.is_some_and(|e| (e.job, e.tag) == (0, 0)));
        assert!(events.is_empty());
        // There is room again, and the next drop is a new event.
        for _ in 0..4 {
            events.push(9, 0, stage());
        }
        let reported = drain(&mut events);
        assert!(matches!(
            reported.last().unwrap().data,
            EventData::Dropped(2)
        ));
    }

    #[test]
    fn another_room_holds_for_later_events_and_drops_none_that_wait() {
        let count = |events: &mut Events| {
            let all = drain(events);
            let stages = all.iter().filter(|e| matches!(e.data, EventData::Stage(_)));
            stages.count()
        };
        let mut events = Events::new(3);
        for (room, pushed, kept) in [(3, 5, 3), (1, 5, 1), (4, 5, 4), (0, 5, 0)] {
            events.set_room(room);
            for job in 0..pushed {
                events.push(job, 0, stage());
            }
            assert_eq!(count(&mut events), kept, "{room}");
        }
        events.set_room(2);
        events.push(1, 0, stage());
        events.push(2, 0, stage());
        events.set_room(1);
        events.push(3, 0, stage());
        assert_eq!(count(&mut events), 2);
    }

    #[test]
    fn progress_that_nobody_saw_is_replaced_by_later_progress() {
        let mut events = Events::new(10);
        for bytes in 1..=1000 {
            events.push(1, 0, EventData::Progress(bytes, Some(1000)));
            events.push(2, 0, EventData::Progress(bytes, None));
        }
        let reported = drain(&mut events);
        assert_eq!(reported.len(), 2);
        assert!(matches!(
            reported[0].data,
            EventData::Progress(1000, Some(1000))
        ));
        events.push(1, 0, EventData::Progress(1001, None));
        assert_eq!(drain(&mut events).len(), 1);
    }

    #[test]
    fn an_event_can_be_taken_out_of_the_middle() {
        let mut events = Events::new(10);
        events.push(1, 0, stage());
        let place = events.push(1, 0, done()).unwrap();
        events.push(2, 0, done());
        assert!(events.take(place).is_some());
        assert!(events.take(place).is_none());
        let end = events.end();
        events.push(3, 0, stage());
        assert_eq!(std::iter::from_fn(|| events.pop(end)).count(), 2);
    }
}
