//! What the norms ask (QCVN 10:2025/BCA, Appendix H; QCVN 06:2022/BXD where it is silent).
