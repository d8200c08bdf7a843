//! How many megabytes a second both engines read, on text without hits, on prose, and on numbers.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tutela_text::{Hint, find_personal_in, find_secrets_in};

const SIZE: usize = 8 << 20;

/// Repeats what `line` makes until there is enough.
fn filled(line: impl Fn(u64) -> String) -> Vec<u8> {
    let lines = (0..).map(line);
    let mut text = String::new();
    for line in lines {
        text.push_str(&line);
        if text.len() >= SIZE {
            break;
        }
    }
    text.into_bytes()
}

fn texts() -> [(&'static str, Vec<u8>); 3] {
    let words = [
        "the", "model", "learns", "from", "loans", "that", "were", "paid", "back", "in", "time",
        "and",
    ];
    let word = move |number: u64| {
        *words
            .iter()
            .cycle()
            .nth(usize::try_from(number % 12).unwrap_or(0))
            .unwrap_or(&"")
    };
    let prose = move |number: u64| {
        let line: Vec<&str> = (0..12)
            .map(|place| word(number.wrapping_mul(31).wrapping_add(place * place)))
            .collect();
        format!("{} in {}.\n", line.join(" "), 1990 + number % 30)
    };
    let code = |number: u64| {
        format!(
            "    let value_{number} = table.column(\"age\").filter(|row| row.income > {number}.5);\n"
        )
    };
    let numbers = |number: u64| {
        format!(
            "{number},{}.{:03},{},yes\n",
            number % 97,
            number % 1000,
            number * 7919 % 100_003
        )
    };
    [
        ("prose", filled(prose)),
        ("code", filled(code)),
        ("numbers", filled(numbers)),
    ]
}

fn spans(criterion: &mut Criterion) {
    let hint = Hint::default();
    for (name, text) in texts() {
        let mut group = criterion.benchmark_group(name);
        group
            .throughput(Throughput::Bytes(text.len() as u64))
            .sample_size(10);
        group.bench_function("personal", |bencher| {
            bencher.iter(|| find_personal_in(black_box(&text), &hint).len());
        });
        group.bench_function("secrets", |bencher| {
            bencher.iter(|| find_secrets_in(black_box(&text)).len());
        });
        group.bench_function("both", |bencher| {
            bencher.iter(|| {
                find_personal_in(black_box(&text), &hint).len()
                    + find_secrets_in(black_box(&text)).len()
            });
        });
        group.finish();
    }
}

criterion_group!(benches, spans);
criterion_main!(benches);
