//! The progress of contents, for reports: pieces that are queued count when the system has taken them.

use std::collections::VecDeque;

/// The end of a piece of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PieceEnd {
    /// The caller's number for the message.
    pub(super) id: u64,
    /// Its position in the connection's text.
    pub(super) position: u64,
    /// Bytes of the content up to here.
    pub(super) bytes: u64,
    /// Bytes of the whole content, where they are known.
    pub(super) size: Option<u64>,
}

/// The pieces that the system has not taken whole, oldest first.
#[derive(Default)]
pub(super) struct ContentProgress {
    queue: VecDeque<PieceEnd>,
}

impl ContentProgress {
    pub(super) fn push(&mut self, end: PieceEnd) {
        self.queue.push_back(end);
    }

    /// Takes out the oldest piece, if the system has taken the text up to its end.
    pub(super) fn pop(&mut self, sent: u64) -> Option<PieceEnd> {
        self.queue.front().filter(|end| end.position <= sent)?;
        self.queue.pop_front()
    }

    /// Forgets the pieces of a message that has its result.
    pub(super) fn forget(&mut self, id: u64) {
        self.queue.retain(|end| end.id != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_counts_once_when_its_last_byte_is_sent() {
        let piece = |id, position| PieceEnd {
            id,
            position,
            bytes: position - 10,
            size: None,
        };
        let mut progress = ContentProgress::default();
        for end in [piece(1, 20), piece(2, 30), piece(1, 40), piece(2, 50)] {
            progress.push(end);
        }
        assert_eq!(progress.pop(19), None);
        assert_eq!(progress.pop(35), Some(piece(1, 20)));
        progress.forget(2);
        assert_eq!(progress.pop(39), None);
        assert_eq!(progress.pop(60), Some(piece(1, 40)));
        assert_eq!(progress.pop(60), None);
    }
}
