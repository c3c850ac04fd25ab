//! Stacks as a flame graph: each call as wide as the time it takes, on top of who called it.

use super::cpu::Stacks;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Width of the picture, and height of a call, pixels.
const WIDTH: f64 = 1200.0;
const HEIGHT: f64 = 17.0;
/// What is narrower is not drawn, pixels.
const NARROWEST: f64 = 0.3;
/// Width of a letter, pixels.
const LETTER: f64 = 6.6;

/// Calls by their names, the outermost first.
#[derive(Default)]
struct Call {
    seen: i64,
    within: BTreeMap<String, Call>,
}

impl Call {
    fn add<'a>(&mut self, mut names: impl Iterator<Item = &'a str>, seen: i64) {
        self.seen += seen;
        if let Some(name) = names.next() {
            self.within.entry(name.to_owned()).or_default().add(names, seen);
        }
    }

    fn depth(&self) -> usize {
        1 + self.within.values().map(Self::depth).max().unwrap_or_default()
    }
}

/// Draws it, as SVG.
pub fn draw(stacks: &Stacks) -> String {
    let mut all = Call::default();
    for stack in &stacks.stacks {
        let calls = stack.frames.iter().rev().map(|frame| frame.name.as_str());
        all.add(std::iter::once(stack.thread.as_str()).chain(calls), stack.seen);
    }
    let height = all.depth() as f64 * HEIGHT;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"monospace\" font-size=\"11\">\n"
    );
    let picture = Picture {
        bottom: height,
        total: all.seen,
    };
    picture.draw(&mut svg, "all", &all, 0.0, 0);
    svg.push_str("</svg>\n");
    svg
}

struct Picture {
    bottom: f64,
    total: i64,
}

impl Picture {
    fn draw(&self, svg: &mut String, name: &str, call: &Call, left: f64, depth: usize) {
        let width = if self.total == 0 {
            WIDTH
        } else {
            WIDTH * call.seen as f64 / self.total as f64
        };
        if width < NARROWEST {
            return;
        }
        let top = self.bottom - (depth + 1) as f64 * HEIGHT;
        let share = 100.0 * width / WIDTH;
        let (title, hue) = (escape(name), hue(name));
        // Writing to a String cannot fail.
        let _ = write!(
            svg,
            "<g><title>{title}: {} samples, {share:.1} %</title>\
             <rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"hsl({hue},80%,65%)\"/>",
            call.seen,
            HEIGHT - 1.0
        );
        let letters = ((width - 6.0) / LETTER).max(0.0) as usize;
        if letters >= 3 {
            let _ = write!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                left + 3.0,
                top + 12.0,
                escape(&shortened(name, letters))
            );
        }
        svg.push_str("</g>\n");
        let mut left = left;
        for (name, call) in &call.within {
            self.draw(svg, name, call, left, depth + 1);
            left += WIDTH * call.seen as f64 / self.total.max(1) as f64;
        }
    }
}

/// The same call has the same colour in every picture: from red to yellow.
fn hue(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish() % 55
}

fn shortened(name: &str, letters: usize) -> String {
    if name.chars().count() <= letters {
        return name.to_owned();
    }
    let kept: String = name.chars().take(letters - 2).collect();
    kept + ".."
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML has no names for these.
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::cpu::{Frame, Stack};
    use super::*;
    use std::time::{Duration, SystemTime};

    fn stacks(of: &[(&[&str], i64)]) -> Stacks {
        let frame = |name: &&str| Frame {
            name: (*name).into(),
            file: String::new(),
            line: 0,
        };
        let stack = |(names, seen): &(&[&str], i64)| Stack {
            thread: "serve".into(),
            frames: names.iter().map(frame).collect(),
            seen: *seen,
        };
        Stacks {
            began: SystemTime::UNIX_EPOCH,
            lasted: Duration::from_secs(1),
            period_ns: 1,
            stacks: of.iter().map(stack).collect(),
        }
    }

    #[test]
    fn calls_are_as_wide_as_they_were_seen_and_stand_on_who_called_them() {
        let svg = draw(&stacks(&[(&["decode", "main"], 3), (&["infer<T>", "main"], 1)]));
        let box_of = |title: &str| {
            let at = svg.find(&format!("<title>{title}: ")).expect(title);
            let shape = &svg[at..at + svg[at..].find("/>").expect("a box")];
            let number = |name: &str| -> f64 {
                let value = shape.split(&format!(" {name}=\"")).nth(1).expect(name);
                value
                    .split('"')
                    .next()
                    .expect("a value")
                    .parse()
                    .expect("a number")
            };
            (number("x"), number("y"), number("width"))
        };
        assert_eq!(box_of("main").2, WIDTH);
        assert_eq!((box_of("decode").2, box_of("infer&lt;T&gt;").2), (900.0, 300.0));
        assert_eq!(box_of("infer&lt;T&gt;").0, 900.0, "beside the other");
        assert!(box_of("decode").1 < box_of("main").1, "above who called it");
        assert!(svg.contains("decode: 3 samples, 75.0 %"), "{svg}");
    }

    #[test]
    fn nothing_seen_is_an_empty_picture() {
        let svg = draw(&stacks(&[]));
        assert!(svg.contains("<title>all: 0 samples"), "{svg}");
    }
}
