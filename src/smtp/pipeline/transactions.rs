//! The transactions of one connection that wait for replies, oldest first.

use std::collections::VecDeque;

use super::super::transaction::Transaction;
use crate::error::Cause;

/// The number of a transaction on its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Serial(u64);

/// The transactions that wait for replies. A transaction whose outcome was reported early stays until its
/// last reply.
#[derive(Default)]
pub(super) struct Transactions {
    queue: VecDeque<Transaction>,
    /// The serial number of the oldest.
    first: u64,
}

impl Transactions {
    pub(super) fn push(&mut self, transaction: Transaction) {
        self.queue.push_back(transaction);
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn oldest(&self) -> Option<&Transaction> {
        self.queue.front()
    }

    /// The number of the oldest, if there is one.
    pub(super) fn oldest_serial(&self) -> Serial {
        Serial(self.first)
    }

    /// The one that began last.
    ///
    /// # Errors
    /// [`Cause::Internal`] if there is none.
    pub(super) fn latest(&mut self) -> Result<(Serial, &mut Transaction), Cause> {
        let count = self.queue.len() as u64;
        let latest = self.queue.back_mut();
        let latest = latest.ok_or(Cause::Internal("no transaction"))?;
        Ok((Serial(self.first + count - 1), latest))
    }

    /// Returns whether this one began last.
    pub(super) fn is_latest(&self, serial: Serial) -> bool {
        serial.0 + 1 == self.first + self.queue.len() as u64
    }

    fn index(&self, serial: Serial) -> Option<usize> {
        usize::try_from(serial.0.checked_sub(self.first)?).ok()
    }

    pub(super) fn get(&self, serial: Serial) -> Option<&Transaction> {
        self.queue.get(self.index(serial)?)
    }

    /// # Errors
    /// [`Cause::Internal`] if it is over.
    pub(super) fn get_mut(&mut self, serial: Serial) -> Result<&mut Transaction, Cause> {
        let index = self.index(serial);
        let found = index.and_then(|index| self.queue.get_mut(index));
        found.ok_or(Cause::Internal("a reply to no transaction"))
    }

    /// Takes out the oldest, if its last reply is in.
    pub(super) fn pop_over(&mut self) -> Option<Transaction> {
        self.oldest().filter(|oldest| oldest.is_over())?;
        self.first += 1;
        self.queue.pop_front()
    }

    /// Those without a result.
    pub(super) fn unreported(&self) -> impl Iterator<Item = (Serial, &Transaction)> {
        let all = (self.first..).map(Serial).zip(&self.queue);
        all.filter(|(_, transaction)| !transaction.reported)
    }

    pub(super) fn for_each_unreported(&mut self, mut run: impl FnMut(Serial, &mut Transaction)) {
        let all = (self.first..).map(Serial).zip(&mut self.queue);
        all.filter(|(_, transaction)| !transaction.reported)
            .for_each(|(serial, transaction)| run(serial, transaction));
    }

    pub(super) fn for_each(&mut self, change: impl FnMut(&mut Transaction)) {
        self.queue.iter_mut().for_each(change);
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        self.first += self.queue.len() as u64;
        self.queue.clear();
    }
}
