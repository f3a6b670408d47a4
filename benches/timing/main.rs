//! Whether a secret shows in the time of an answer: `cargo bench --bench timing`.
//!
//! The method is that of dudect (Reparaz, Balasch, Verbauwhede: "Dude, is my code constant time?",
//! 2017). A question sets two classes of inputs against each other that an attacker would like to
//! tell apart. Each measurement takes an input of one of them at random, copies it into one and the
//! same buffer and times one answer. Then Welch's t says by how many standard errors the mean times
//! of the classes differ. Interrupts make a few measurements long and all of them blurred, so that
//! t is taken again over the shortest 50, 75, 90, 95 and 99 % of each batch, both classes together,
//! and the greatest of the six |t| counts. The first batch is thrown away.
//!
//! A question about this crate is answered well with |t| up to 4.5. Beyond it the question is
//! measured once more, with four times as many measurements and nothing carried over: the t of a
//! real difference doubles, that of chance does not. Only |t| over 4.5 with the same sign is a
//! finding. Without this rule, six |t| for each of some twenty questions would go over 4.5 by chance
//! in one run of a thousand, were the times normally distributed; they are less well-behaved than
//! that. A second measurement is always printed with the first.
//!
//! Controls go first. Leaky comparisons, asked the same questions, must be caught: else the run saw
//! nothing because it is blind. The same class on both sides must not be told apart: else the run
//! sees what is not there.
//!
//! Each batch asks a new ring or verifier, with inputs drawn anew. Within one ring, a key whose rows
//! lie at certain addresses modulo 4,096 is found 1 to 3 nanoseconds later than another: seen for one
//! pair of keys in thirty, and most likely the processor's waiting for a write to the stack whose
//! address ends in the same bits. That hangs on a secret hash of what was presented, not on how much of
//! it is right nor on which key it is, and so evens out over rings. Without drawing anew it would be
//! taken for the answer to the question.
//!
//! `--measurements N` sets their number for each question, 1,000,000 by default. `--only TEXT` asks the
//! questions that hold the text. `--json` prints one JSON object a line. The exit code is 1 unless
//! every question is answered as it must be. A busy machine sees less: beside |t| stands by how much
//! the second class takes longer and how much of a difference would have had a |t| of 4.5, both over
//! the shortest 95 %. On Linux, `taskset -c 1` before it helps.

mod measure;
mod questions;
mod random;
#[expect(dead_code, reason = "each verifier here has a cache")]
#[path = "../../tests/support/signer.rs"]
mod signer;
mod statistics;

use std::process::ExitCode;

use measure::{Question, Role};
use questions::questions;
use random::Random;
use statistics::{Comparison, LIMIT};

/// How many times as many measurements decide a question that was not answered as it must be.
const CONFIRMATION: usize = 4;

fn main() -> ExitCode {
    let Some(Flags { measurements, only, as_json }) = Flags::parse(std::env::args().skip(1)) else {
        eprintln!("usage: cargo bench --bench timing -- [--measurements N] [--only TEXT] [--json]");
        return ExitCode::from(2);
    };
    let mut random = Random::new();
    if !as_json {
        println!("{measurements} measurements for each question; |t| over {LIMIT} tells the classes apart\n");
        println!("{:<11}{:<78}{:>9}{:>15}{:>13}", "", "", "|t|", "difference, ns", "resolution");
    }
    let mut failures = 0;
    for question in questions(&mut random).into_iter().filter(|question| question.name.contains(&only)) {
        let mut outcome = question.measure(measurements, &mut random);
        let mut first = None;
        if !question.role.holds(&outcome) {
            let again = question.measure(measurements * CONFIRMATION, &mut random);
            first = Some(std::mem::replace(&mut outcome, again));
        }
        let same_sign = first.is_none_or(|first| first.t.signum() == outcome.t.signum());
        let holds = question.role.holds(&outcome) || (question.role != Role::Leak && !same_sign);
        failures += usize::from(!holds);
        if as_json {
            println!("{}", json(&question, &outcome, first.as_ref(), holds));
        } else {
            print_row(&question, &outcome, first.as_ref(), holds);
        }
    }
    if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Flags {
    measurements: usize,
    only: String,
    as_json: bool,
}

impl Flags {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        let mut flags = Self { measurements: 1_000_000, only: String::new(), as_json: false };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--measurements" => flags.measurements = arguments.next()?.parse().ok()?,
                "--only" => flags.only = arguments.next()?,
                "--json" => flags.as_json = true,
                // Cargo's own.
                "--bench" => {}
                _ => return None,
            }
        }
        Some(flags)
    }
}

fn print_row(question: &Question, outcome: &Comparison, first: Option<&Comparison>, holds: bool) {
    let Question { role, name, .. } = question;
    println!(
        "{:<11}{name:<78}{:>9.1}{:>15.2}{:>13.2}{}",
        role.name(),
        outcome.t.abs(),
        outcome.difference,
        outcome.standard_error * LIMIT,
        if holds { "" } else { "  FAILED" }
    );
    if let Some(first) = first {
        println!(
            "{:<11}measured again, {} measurements: t {:.1} after {:.1} in the {} before",
            "", outcome.count, outcome.t, first.t, first.count
        );
    }
}

fn json(question: &Question, outcome: &Comparison, first: Option<&Comparison>, holds: bool) -> String {
    let figures = |outcome: &Comparison| {
        serde_json::json!({
            "measurements": outcome.count,
            "t": outcome.t,
            "difference": outcome.difference,
            "resolution": outcome.standard_error * LIMIT,
            "share": outcome.share,
        })
    };
    serde_json::json!({
        "role": question.role.name(),
        "name": question.name,
        "outcome": figures(outcome),
        "first": first.map(figures),
        "holds": holds,
    })
    .to_string()
}
