//! Round trips where nobody has measured them.

use crate::bundle::Coordinates;

/// The round trip between two places as the line fitted to the latency matrix has it (R² 0.70):
/// 25 ms, and 15.5 ms for every 1,000 km of the great circle.
#[inline(never)]
pub fn fitted_ms(from: Coordinates, to: Coordinates) -> f32 {
    25.0 + 15.5 * kilometres(from, to) / 1000.0
}

/// The great circle, by the haversine formula.
fn kilometres(from: Coordinates, to: Coordinates) -> f32 {
    const EARTH_RADIUS_KM: f32 = 6371.0;
    let half_square = |degrees: f32| (degrees.to_radians() / 2.0).sin().powi(2);
    let chord = half_square(to.latitude - from.latitude)
        + from.latitude.to_radians().cos()
            * to.latitude.to_radians().cos()
            * half_square(to.longitude - from.longitude);
    2.0 * EARTH_RADIUS_KM * chord.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn great_circles_have_their_known_lengths() {
        let at = |latitude, longitude| Coordinates { latitude, longitude };
        let (dublin, london, tokyo) = (at(53.35, -6.26), at(51.51, -0.13), at(35.68, 139.69));
        let (montreal, sydney, portland) =
            (at(45.5, -73.57), at(-33.87, 151.21), at(45.84, -119.7));
        assert!((455.0..470.0).contains(&kilometres(dublin, london)));
        assert!((9_500.0..9_620.0).contains(&kilometres(london, tokyo)));
        assert!((15_900.0..16_100.0).contains(&kilometres(montreal, sydney)));
        // Across the date line the short way round.
        assert!(kilometres(tokyo, portland) < 8_000.0);
        assert_eq!(fitted_ms(tokyo, tokyo), 25.0);
    }
}
