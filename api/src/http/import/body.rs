//! A large body, read piece by piece where blocking is allowed: neither memory nor disk holds it.

use std::io::{self, Read};
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures::StreamExt;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::timeout;

/// A client may pause for so long.
const PIECE_WITHIN: Duration = Duration::from_secs(30);
/// Pieces on the way at once.
const PIECES: usize = 16;

type Piece = Result<Bytes, io::Error>;

/// What reads the pieces.
#[derive(Debug)]
pub struct BodyReader {
    pieces: Receiver<Piece>,
    piece: Bytes,
}

/// A body's reader, and what feeds it: to be run beside it. More than `most` bytes are an error.
pub fn reader(body: Body, most: usize) -> (BodyReader, impl Future<Output = ()>) {
    let (sender, pieces) = mpsc::channel(PIECES);
    (
        BodyReader {
            pieces,
            piece: Bytes::new(),
        },
        feed(body, most, sender),
    )
}

async fn feed(body: Body, most: usize, to: Sender<Piece>) {
    let mut stream = body.into_data_stream();
    let mut so_far = 0;
    loop {
        let piece = match timeout(PIECE_WITHIN, stream.next()).await {
            Ok(Some(Ok(piece))) => piece,
            Ok(None) => return,
            Ok(Some(Err(error))) => return fail(&to, io::Error::other(error)).await,
            Err(_) => return fail(&to, io::ErrorKind::TimedOut.into()).await,
        };
        so_far += piece.len();
        if so_far > most {
            return fail(&to, io::ErrorKind::FileTooLarge.into()).await;
        }
        if to.send(Ok(piece)).await.is_err() {
            return;
        }
    }
}

async fn fail(to: &Sender<Piece>, error: io::Error) {
    // Nobody reads any more: then nobody needs to know.
    let _ = to.send(Err(error)).await;
}

impl Read for BodyReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.pieces.blocking_recv() {
                None => return Ok(0),
                Some(piece) => self.piece = piece?,
            }
        }
        let n = into.len().min(self.piece.len());
        into[..n].copy_from_slice(&self.piece.split_to(n));
        Ok(n)
    }
}
