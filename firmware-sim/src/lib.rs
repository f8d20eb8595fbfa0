//! Sensors' firmware in a simulated town on a real hydraulic network
