//! Logarithm, exponential and normal quantile in nothing but arithmetic that every machine does alike.
//!
//! Invariant: only additions, multiplications, divisions and square roots, which IEEE 754 rounds the same everywhere; the
//! platform's own `ln` and `exp` are not, and a last bit that differs would some day move a contact by a microsecond and
//! with it everything after.

use rand::{Rng, RngExt};

/// ln 2, in two parts of which the first times a whole number is exact (fdlibm, Sun 1993).
const LN_2: (f64, f64) = (6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10);

/// The natural logarithm of a positive, normal number: `2 atanh((m − 1) / (m + 1))` of its fraction, by the series.
pub fn ln(x: f64) -> f64 {
    const TERMS: u32 = 11;
    let bits = x.to_bits();
    let exponent = i32::try_from(bits >> 52 & 0x7ff).expect("eleven bits") - 1_023;
    let fraction = f64::from_bits(bits & ((1 << 52) - 1) | 1_023 << 52);
    let (m, e) =
        if fraction > std::f64::consts::SQRT_2 { (fraction / 2.0, exponent + 1) } else { (fraction, exponent) };
    let s = (m - 1.0) / (m + 1.0);
    let square = s * s;
    let series = (0..TERMS).rev().fold(0.0, |sum, at| sum * square + 1.0 / f64::from(2 * at + 1));
    let e = f64::from(e);
    e * LN_2.0 + (e * LN_2.1 + 2.0 * s * series)
}

/// e to the power of a number between -700 and 700.
pub fn exp(x: f64) -> f64 {
    const TERMS: u32 = 14;
    let x = x.clamp(-700.0, 700.0);
    let doublings = (x / std::f64::consts::LN_2).round();
    let rest = (x - doublings * LN_2.0) - doublings * LN_2.1;
    let series = (1..=TERMS).rev().fold(1.0, |sum, at| 1.0 + rest / f64::from(at) * sum);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 13 and 2,033")]
    let exponent = (doublings + 1_023.0) as u64;
    series * f64::from_bits(exponent << 52)
}

/// The standard normal quantile of a probability between 0 and 1 (Acklam 2003; relative error below 1.2e-9).
pub fn normal_quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -39.696_830_286_653_76,
        220.946_098_424_520_5,
        -275.928_510_446_968_7,
        138.357_751_867_269,
        -30.664_798_066_147_16,
        2.506_628_277_459_239,
    ];
    const B: [f64; 6] = [
        -54.476_098_798_224_06,
        161.585_836_858_040_9,
        -155.698_979_859_886_6,
        66.801_311_887_719_72,
        -13.280_681_552_885_72,
        1.0,
    ];
    const C: [f64; 6] = [
        -0.007_784_894_002_430_293,
        -0.322_396_458_041_136_5,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 5] =
        [0.007_784_695_709_041_462, 0.322_467_129_070_039_8, 2.445_134_137_142_996, 3.754_408_661_907_416, 1.0];
    let polynomial = |factors: &[f64], x: f64| factors.iter().fold(0.0, |sum, factor| sum * x + factor);
    let tail = |p: f64| {
        let q = (-2.0 * ln(p)).sqrt();
        polynomial(&C, q) / polynomial(&D, q)
    };
    match p {
        p if p < 0.024_25 => tail(p),
        p if p > 0.975_75 => -tail(1.0 - p),
        p => {
            let q = p - 0.5;
            polynomial(&A, q * q) * q / polynomial(&B, q * q)
        }
    }
}

/// A number between 0 and 1, neither of which it is.
pub fn open(rng: &mut impl Rng) -> f64 {
    const SMALLEST: f64 = 1.0 / (1u64 << 54) as f64;
    rng.random::<f64>().max(SMALLEST)
}

/// Standard exponential, by inversion.
pub fn exponential(rng: &mut impl Rng) -> f64 {
    -ln(open(rng))
}

/// Standard normal, by inversion.
pub fn normal(rng: &mut impl Rng) -> f64 {
    normal_quantile(open(rng))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_what_the_platform_says_to_the_last_digits() {
        for at in 1..2_000 {
            let x = f64::from(at) * 0.000_5;
            for x in [x, 1.0 / x, x * 1e6] {
                assert!((ln(x) - x.ln()).abs() <= 4e-16 * x.ln().abs().max(1.0), "ln {x}");
            }
            for x in [x, -x, 100.0 * x - 50.0] {
                assert!((exp(x) / x.exp() - 1.0).abs() < 2e-15, "exp {x}");
            }
        }
    }

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (p, expected) in [(0.5, 0.0), (0.975, 1.959_964), (0.9, 1.281_552), (0.001, -3.090_232), (0.999, 3.090_232)]
        {
            assert!((normal_quantile(p) - expected).abs() < 1e-6, "{p}: {}", normal_quantile(p));
        }
    }
}
