//! Viewers who come at random, the same in every run.

/// One request of a viewer.
pub struct Request {
    /// Milliseconds since the simulation's beginning.
    pub at: u64,
    pub edge: &'static str,
    pub country: &'static str,
    pub client_ip: String,
    pub method: &'static str,
}

/// Requests at each edge, `(name, country)`, as a Poisson process of that rate per second has them;
/// three in ten are POSTs.
pub fn requests(edges: &[(&'static str, &'static str)], rate: f64, end: u64) -> Vec<Request> {
    const VIEWERS_PER_EDGE: usize = 200;
    let mut requests = Vec::new();
    for (index, (edge, country)) in edges.iter().enumerate() {
        let mut random = Random(index as u64);
        let mut at = 0.0;
        loop {
            at += -random.unit().ln() / rate * 1_000.0;
            if at >= end as f64 {
                break;
            }
            let viewer = random.below(VIEWERS_PER_EDGE);
            requests.push(Request {
                at: at as u64,
                edge,
                country,
                client_ip: format!("198.51.{index}.{viewer}"),
                method: if random.below(10) < 3 { "POST" } else { "GET" },
            });
        }
    }
    requests
}

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// In (0, 1].
    fn unit(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// Less than `count`.
    pub fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }
}
