//! Questions, and how they are measured.

use std::hint::black_box;
use std::rc::Rc;
use std::time::Instant;

use crate::random::Random;
use crate::statistics::{Comparison, LIMIT, Times};

/// What the run must find out about a question.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Role {
    /// A leaky comparison, which must be caught.
    Leak,
    /// The same class on both sides, which cannot be told apart.
    Same,
    /// This crate, of which it is promised that it does not tell.
    Promise,
}

impl Role {
    pub(crate) fn holds(self, outcome: &Comparison) -> bool {
        (outcome.t.abs() > LIMIT) == (self == Self::Leak)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Leak => "leaky",
            Self::Same => "same class",
            Self::Promise => "ours",
        }
    }
}

/// Two classes of inputs, and who is asked about them.
pub(crate) struct Question {
    pub(crate) role: Role,
    pub(crate) name: String,
    pub(crate) classes: [Class; 2],
    pub(crate) subject: Subject,
}

/// Makes one that answers, with the same keys but hashes and addresses of its own.
pub(crate) type Subject = Box<dyn Fn() -> Answer>;

pub(crate) type Answer = Box<dyn FnMut(&[u8]) -> bool>;

/// Inputs of equal length that all get the same answer.
#[derive(Clone)]
pub(crate) struct Class {
    draw: Rc<Draw>,
    expected: bool,
}

type Draw = dyn Fn(&mut Random) -> Vec<u8>;

impl Class {
    pub(crate) fn new(expected: bool, draw: impl Fn(&mut Random) -> Vec<u8> + 'static) -> Self {
        Self { draw: Rc::new(draw), expected }
    }

    pub(crate) fn one_of(keys: &[Vec<u8>]) -> Self {
        let keys = keys.to_vec();
        Self::new(true, move |random| random.one_of(&keys).clone())
    }

    pub(crate) fn strangers() -> Self {
        Self::new(false, Random::key)
    }

    /// Guesses that come of changing one of the keys.
    pub(crate) fn guesses(keys: &[Vec<u8>], change: fn(&[u8], &mut Random) -> Vec<u8>) -> Self {
        let keys = keys.to_vec();
        Self::new(false, move |random| {
            let key = random.one_of(&keys);
            change(key, random)
        })
    }
}

/// Measurements of one subject, over which times are cropped.
const BATCH: usize = 1_000;

/// Inputs of both classes that lie ready during a batch.
const SLOTS: usize = 512;

/// Inputs begin at addresses that are a multiple of a cache line apart.
const ALIGNMENT: usize = 64;

impl Question {
    pub(crate) fn measure(&self, measurements: usize, random: &mut Random) -> Comparison {
        let mut times = Times::default();
        let mut batch = Vec::with_capacity(BATCH);
        self.measure_batch(BATCH, random, &mut batch);
        let mut left = measurements;
        while left > 0 {
            let length = left.min(BATCH);
            self.measure_batch(length, random, &mut batch);
            times.add_batch(&mut batch);
            left -= length;
        }
        times.comparison()
    }

    /// Fills `batch` with times in nanoseconds, each with whether it is of the second class.
    fn measure_batch(&self, length: usize, random: &mut Random, batch: &mut Vec<(u32, bool)>) {
        let [first, second] = &self.classes;
        // What lies where is drawn too, lest an address, or its neighbour in the cache, counts for the
        // class that happens to have it.
        let mut is_second: Vec<bool> = (0..SLOTS).map(|slot| slot % 2 == 1).collect();
        random.shuffle(&mut is_second);
        let class_of = |is_second: bool| if is_second { second } else { first };
        let inputs: Vec<_> = is_second.iter().map(|is| (class_of(*is).draw)(random)).collect();
        let expected: Vec<_> = is_second.iter().map(|is| class_of(*is).expected).collect();
        let size = inputs.first().map_or(0, Vec::len);
        let stride = size.next_multiple_of(ALIGNMENT);
        let mut pool = vec![0; SLOTS * stride];
        for (slot, input) in pool.chunks_exact_mut(stride).zip(&inputs) {
            assert_eq!(input.len(), size, "{}: inputs of different lengths", self.name);
            for (byte, of_input) in slot.iter_mut().zip(input) {
                *byte = *of_input;
            }
        }

        batch.clear();
        let mut answer = (self.subject)();
        let mut buffer = vec![0; size];
        let mut wrong_answers = 0;
        for _ in 0..length {
            let slot = random.below(SLOTS);
            if let Some(input) = pool.get(slot * stride..slot * stride + size) {
                buffer.copy_from_slice(input);
            }
            let presented = black_box(buffer.as_slice());
            let start = Instant::now();
            let given = black_box(answer(presented));
            let time = start.elapsed();
            wrong_answers += usize::from(Some(&given) != expected.get(slot));
            // Four seconds are no measurement.
            let nanoseconds = u32::try_from(time.as_nanos()).unwrap_or(u32::MAX);
            batch.push((nanoseconds, is_second.get(slot).copied().unwrap_or_default()));
        }
        assert_eq!(wrong_answers, 0, "{}: wrong answers", self.name);
    }
}
