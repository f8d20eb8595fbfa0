//! Our own MQTT endpoint, where there is no broker.
