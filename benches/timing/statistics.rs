//! Welch's t of two classes of times, whole and cropped.

/// The |t| that no promise may exceed and every leak must.
pub(crate) const LIMIT: f64 = 4.5;

/// Of each batch, the shortest so many count. Stated here, before any measurement.
const SHARES: [f64; 6] = [0.5, 0.75, 0.9, 0.95, 0.99, 1.0];

/// The crop whose difference of means is shown: nearly all, but for what interrupts add.
const SHOWN_SHARE: f64 = 0.95;

/// Mean and spread, one value at a time and without cancellation (Welford 1962).
#[derive(Default, Clone, Copy)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let distance = value - self.mean;
        self.mean += distance / self.count;
        self.squares += distance * (value - self.mean);
    }

    fn squared_error_of_mean(&self) -> f64 {
        self.squares / (self.count - 1.0) / self.count
    }
}

/// The times of a question, cropped in each of the ways of [`SHARES`].
#[derive(Default)]
pub(crate) struct Times {
    crops: [[Moments; 2]; SHARES.len()],
}

/// How the mean times of two classes differ.
#[derive(Clone, Copy)]
pub(crate) struct Comparison {
    /// Measurements before cropping.
    pub(crate) count: usize,
    /// The crop in which they differ most.
    pub(crate) share: f64,
    /// Welch's t of it; positive when the second class takes longer.
    pub(crate) t: f64,
    /// The second mean without the first, in nanoseconds, cropped to [`SHOWN_SHARE`].
    pub(crate) difference: f64,
    /// Of that difference, in nanoseconds.
    pub(crate) standard_error: f64,
}

impl Times {
    pub(crate) fn add_batch(&mut self, batch: &mut [(u32, bool)]) {
        batch.sort_unstable();
        for (share, classes) in SHARES.iter().zip(&mut self.crops) {
            let kept = (batch.len() as f64 * share).ceil() as usize;
            // All that took as long as the last one kept: those of the first class sort before it.
            let longest = batch.get(kept - 1).map_or(0, |(time, _)| *time);
            let [first, second] = classes;
            for (time, is_second) in batch.iter().take_while(|(time, _)| *time <= longest) {
                let class = if *is_second { &mut *second } else { &mut *first };
                class.add(f64::from(*time));
            }
        }
    }

    pub(crate) fn comparison(&self) -> Comparison {
        let mut comparison =
            Comparison { count: 0, share: 1.0, t: 0.0, difference: 0.0, standard_error: 0.0 };
        for (share, [first, second]) in SHARES.into_iter().zip(&self.crops) {
            let difference = second.mean - first.mean;
            let standard_error = (first.squared_error_of_mean() + second.squared_error_of_mean()).sqrt();
            // A coarse clock can give the same time throughout.
            let t = if difference == 0.0 { 0.0 } else { difference / standard_error };
            if t.abs() > comparison.t.abs() {
                (comparison.t, comparison.share) = (t, share);
            }
            if share == SHOWN_SHARE {
                (comparison.difference, comparison.standard_error) = (difference, standard_error);
            }
            // The last crop is none.
            comparison.count = (first.count + second.count) as usize;
        }
        comparison
    }
}
