//! As much of MQTT 3.1.1 as a load needs: publish with QoS 1 as fast as a broker takes it, and read
//! with acknowledgements as fast as it gives.

#![allow(dead_code, reason = "each benchmark uses a part of it")]

use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Publishes `count` messages, `payload(i)` on `topic(i)`, and returns when all are acknowledged.
pub(crate) fn publish(
    broker: SocketAddr,
    count: u32,
    topic: impl Fn(u32) -> String,
    payload: impl Fn(u32) -> String,
) {
    let mut stream = connect(broker, "bench-publisher", true);
    let acks = stream.try_clone().expect("a socket can be cloned");
    let counting = std::thread::spawn(move || {
        let mut acks = BufReader::new(acks);
        (0..count).for_each(|_| read_packet(&mut acks, &mut Vec::new()));
    });
    let mut bytes = Vec::with_capacity(1 << 16);
    for i in 0..count {
        publish_packet(&mut bytes, i, &topic(i), &payload(i));
        if bytes.len() > 60_000 {
            stream
                .write_all(&bytes)
                .expect("the broker takes what is published");
            bytes.clear();
        }
    }
    stream
        .write_all(&bytes)
        .expect("the broker takes what is published");
    counting.join().expect("every message is acknowledged");
}

/// Adds the packet that publishes the `i`th message of a connection.
pub(crate) fn publish_packet(bytes: &mut Vec<u8>, i: u32, topic: &str, payload: &str) {
    bytes.push(0x32);
    length(bytes, 2 + topic.len() + 2 + payload.len());
    string(bytes, topic);
    bytes.extend(packet_id(i).to_be_bytes());
    bytes.extend(payload.as_bytes());
}

/// Subscribes under `client_id` with a session that the broker keeps, and goes.
pub(crate) fn leave_a_session(broker: SocketAddr, client_id: &str, filter: &str) {
    let mut stream = connect(broker, client_id, false);
    let mut bytes = vec![0x82];
    length(&mut bytes, 2 + 2 + filter.len() + 1);
    bytes.extend([0, 1]);
    string(&mut bytes, filter);
    bytes.push(1);
    stream
        .write_all(&bytes)
        .expect("the broker takes a subscription");
    read_packet(&mut stream, &mut Vec::new());
    stream
        .write_all(&[0xe0, 0])
        .expect("the broker takes a farewell");
}

/// Reads and acknowledges `count` messages of the session `client_id`.
pub(crate) fn drain(broker: SocketAddr, client_id: &str, count: u32) {
    let mut stream = connect(broker, client_id, false);
    let mut packets = BufReader::with_capacity(1 << 16, stream.try_clone().expect("a socket"));
    let (mut body, mut acks, mut seen) = (Vec::new(), Vec::new(), 0);
    while seen < count {
        read_packet(&mut packets, &mut body);
        let topic = usize::from(u16::from_be_bytes([body[0], body[1]]));
        acks.extend([0x40, 2, body[2 + topic], body[3 + topic]]);
        seen += 1;
        if packets.buffer().is_empty() || seen == count {
            stream
                .write_all(&acks)
                .expect("the broker takes acknowledgements");
            acks.clear();
        }
    }
}

fn packet_id(i: u32) -> u16 {
    (i % 65_535 + 1) as u16
}

/// A connection that is let in.
pub(crate) fn connect(broker: SocketAddr, client_id: &str, clean: bool) -> TcpStream {
    let mut stream = TcpStream::connect(broker).expect("the broker listens");
    stream.set_nodelay(true).expect("a socket can be set");
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .expect("a socket can be set");
    let mut bytes = vec![0x10];
    length(&mut bytes, 10 + 2 + client_id.len());
    string(&mut bytes, "MQTT");
    bytes.extend([4, if clean { 2 } else { 0 }, 0, 0]);
    string(&mut bytes, client_id);
    stream
        .write_all(&bytes)
        .expect("the broker takes a connection");
    read_packet(&mut stream, &mut Vec::new());
    stream
}

fn string(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u16).to_be_bytes());
    bytes.extend(text.as_bytes());
}

fn length(bytes: &mut Vec<u8>, mut value: usize) {
    loop {
        let low = (value % 128) as u8;
        value /= 128;
        bytes.push(if value > 0 { low | 0x80 } else { low });
        if value == 0 {
            return;
        }
    }
}

fn read_packet(from: &mut impl Read, body: &mut Vec<u8>) {
    read(from, body).expect("the broker answers");
}

/// Reads a packet; false when the broker has closed the connection.
pub(crate) fn try_read_packet(from: &mut impl Read, body: &mut Vec<u8>) -> bool {
    read(from, body).is_ok()
}

fn read(from: &mut impl Read, body: &mut Vec<u8>) -> std::io::Result<()> {
    let mut byte = [0];
    from.read_exact(&mut byte)?;
    let (mut value, mut shift) = (0_usize, 0);
    loop {
        from.read_exact(&mut byte)?;
        value |= usize::from(byte[0] & 0x7f) << shift;
        shift += 7;
        if byte[0] & 0x80 == 0 {
            break;
        }
    }
    body.resize(value, 0);
    from.read_exact(body)
}
