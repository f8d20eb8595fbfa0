//! Receiving without loss: broker or own endpoint to journal, journal to archive
