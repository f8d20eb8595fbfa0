//! Answers the release of a message that this connection does not know.
//!
//! At quality of service 2 a client that lost the connection between PUBREC and PUBCOMP sends its
//! PUBREL again on the next one, and has to be told PUBCOMP (MQTT 3.1.1, 4.3.3). ntex-mqtt ends the
//! connection of a 3.1.1 client for it, who would come back with it for ever. So this layer, between
//! socket and codec, takes such a packet out of the stream and answers it itself. It keeps
//! nothing but packet ids, and passes payloads on in whole pieces.

use std::cell::RefCell;
use std::collections::HashSet;
use std::io;

use ntex::io::{FilterBuf, FilterLayer};

const PUBLISH: u8 = 3;
const PUBREL: u8 = 0x62;
const PUBCOMP: u8 = 0x70;

/// The layer.
#[derive(Debug, Default)]
pub(super) struct Releases(RefCell<Stream>);

impl FilterLayer for Releases {
    fn process_read_buf(&self, buf: &FilterBuf<'_>) -> io::Result<()> {
        let mut answers = Vec::new();
        buf.with_read_buffers(|from, to| {
            if let Some(bytes) = from {
                let mut pass_on = |piece: &[u8]| to.extend_from_slice(piece);
                self.0.borrow_mut().read(bytes, &mut pass_on, &mut answers);
                bytes.clear();
            }
        });
        if !answers.is_empty() {
            let io = buf.io().clone();
            // Not from in here, where the layers below are at work.
            ntex::rt::spawn(async move {
                // A connection that is gone needs no answer.
                let _ = io.encode_slice(&answers);
            });
        }
        Ok(())
    }

    fn process_write_buf(&self, buf: &FilterBuf<'_>) -> io::Result<()> {
        buf.with_write_buffers(ntex::util::BytePages::move_to);
        Ok(())
    }
}

/// Where in a packet the stream is.
#[derive(Debug, Default)]
struct Stream {
    /// The packet's first bytes, as long as they are not passed on.
    held: Vec<u8>,
    /// Bytes of it that are of no interest any more.
    rest: usize,
    /// Ids of messages at quality of service 2 that are not released.
    open: HashSet<[u8; 2]>,
}

/// What is known of a packet by its first bytes.
enum Known {
    /// So many bytes are needed to say more.
    Needs(usize),
    /// So long as a whole; pass it on.
    Whole(usize),
    /// A release of a message that is not open.
    Stray([u8; 2]),
    /// Not MQTT: the codec will say so.
    Broken,
}

impl Stream {
    fn read(&mut self, mut bytes: &[u8], pass_on: &mut impl FnMut(&[u8]), answers: &mut Vec<u8>) {
        while !bytes.is_empty() {
            if self.rest > 0 {
                let (piece, others) = bytes.split_at(self.rest.min(bytes.len()));
                pass_on(piece);
                self.rest -= if self.rest == usize::MAX {
                    0
                } else {
                    piece.len()
                };
                bytes = others;
                continue;
            }
            match self.look() {
                Known::Needs(count) => {
                    let more = (count - self.held.len()).min(bytes.len());
                    self.held.extend_from_slice(&bytes[..more]);
                    bytes = &bytes[more..];
                }
                _ => unreachable!("a packet that is known is not held"),
            }
            self.settle(pass_on, answers);
        }
    }

    /// Lets go of what is held, once it is known what it is.
    fn settle(&mut self, pass_on: &mut impl FnMut(&[u8]), answers: &mut Vec<u8>) {
        match self.look() {
            Known::Needs(_) => return,
            Known::Whole(length) => {
                self.note();
                pass_on(&self.held);
                self.rest = length - self.held.len();
            }
            Known::Stray(id) => answers.extend([PUBCOMP, 2, id[0], id[1]]),
            Known::Broken => {
                pass_on(&self.held);
                self.rest = usize::MAX;
            }
        }
        self.held.clear();
    }

    /// Takes note of the id that the held packet opens or releases.
    fn note(&mut self) {
        let Some((length, header)) = length(&self.held) else {
            return;
        };
        if self.held[0] == PUBREL && length == header + 2 {
            self.open
                .remove(&[self.held[header], self.held[header + 1]]);
        } else if is_qos2(self.held[0])
            && let [.., high, low] = self.held[..]
        {
            self.open.insert([high, low]);
        }
    }

    fn look(&self) -> Known {
        let held = &self.held[..];
        let Some((length, header)) = length(held) else {
            return if held.len() >= 5 {
                Known::Broken
            } else {
                Known::Needs(held.len() + 1)
            };
        };
        let needed = if held[0] == PUBREL && length == header + 2 {
            length
        } else if is_qos2(held[0]) {
            match held.get(header..header + 2) {
                None => header + 2,
                Some(topic) => {
                    header + 2 + usize::from(u16::from_be_bytes([topic[0], topic[1]])) + 2
                }
            }
        } else {
            header
        };
        if needed > length {
            return Known::Broken;
        }
        if held.len() < needed {
            return Known::Needs(needed);
        }
        match held {
            [PUBREL, 2, high, low] if !self.open.contains(&[*high, *low]) => {
                Known::Stray([*high, *low])
            }
            _ => Known::Whole(length),
        }
    }
}

/// A packet's whole length and that of its header, if its first bytes say so yet.
fn length(held: &[u8]) -> Option<(usize, usize)> {
    let mut remaining = 0;
    for (place, byte) in held.iter().skip(1).take(4).enumerate() {
        remaining |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            let header = place + 2;
            return Some((header + remaining, header));
        }
    }
    None
}

fn is_qos2(first: u8) -> bool {
    first >> 4 == PUBLISH && (first >> 1) & 3 == 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn publish(qos: u8, id: u16, payload: &[u8]) -> Vec<u8> {
        let topic = b"firemain/v1/tr-1/telemetry";
        let with_id = usize::from(qos > 0) * 2;
        let remaining = 2 + topic.len() + with_id + payload.len();
        let mut packet = vec![0x30 | qos << 1];
        packet.extend([(remaining & 0x7f) as u8 | 0x80, (remaining >> 7) as u8]);
        packet.extend((topic.len() as u16).to_be_bytes());
        packet.extend(topic);
        if qos > 0 {
            packet.extend(id.to_be_bytes());
        }
        packet.extend(payload);
        packet
    }

    fn release(id: u16) -> Vec<u8> {
        let [high, low] = id.to_be_bytes();
        vec![PUBREL, 2, high, low]
    }

    fn read(stream: &[u8], pieces: usize) -> (Vec<u8>, Vec<u8>) {
        let (mut reader, mut passed, mut answers) = (Stream::default(), Vec::new(), Vec::new());
        for piece in stream.chunks(pieces.max(1)) {
            reader.read(piece, &mut |p| passed.extend_from_slice(p), &mut answers);
        }
        (passed, answers)
    }

    proptest! {
        #[test]
        fn a_release_of_an_unknown_id_is_answered_and_all_else_passed_on(
            pieces in 1_usize..400,
            payload in proptest::collection::vec(any::<u8>(), 100..300),
        ) {
            let known = [
                publish(0, 0, &payload), publish(1, 7, &payload), publish(2, 8, &payload),
                release(8), vec![0xc0, 0], publish(2, 0x6202, &payload),
            ].concat();
            let tail = [release(0x6202), vec![0xe0, 0]].concat();
            let stream = [known.clone(), release(7), release(8), tail.clone()].concat();
            let (passed, answers) = read(&stream, pieces);
            prop_assert_eq!(passed, [known, tail].concat());
            prop_assert_eq!(answers, vec![PUBCOMP, 2, 0, 7, PUBCOMP, 2, 0, 8]);
        }

        #[test]
        fn what_is_no_mqtt_is_passed_on_as_it_is(
            bytes in proptest::collection::vec(any::<u8>(), 0..600), pieces in 1_usize..200,
        ) {
            let (passed, answers) = read(&bytes, pieces);
            // Held back at most: a header that is not complete.
            prop_assert!(bytes.len() <= passed.len() + answers.len() + 5 + 65_540);
            if answers.is_empty() {
                prop_assert_eq!(&bytes[..passed.len()], &passed[..]);
            }
        }
    }
}
