//! Lays one thumbnail over another: inverse Lucas–Kanade for a translation, with blocks of pixels that vote.
//!
//! Source of the method: Baker & Matthews 2004, "Lucas-Kanade 20 years on", doi:10.1023/B:VISI.0000011205.11775.fd. Each
//! block weighs less the farther it would still like to move (Geman & McClure's robust weights).

use super::Box4;
use super::thumbnail::Thumbnail;

/// Side of a block, thumbnail pixels.
const BLOCK: usize = 8;
const PIXELS: f32 = (BLOCK * BLOCK) as f32;

/// A block takes part when its mean squared gradient is at least this, grey levels per pixel squared: below, noise and
/// what an encoder makes of a wall look the same.
const MIN_TEXTURE: f32 = 2.25;

/// More texture than this makes no block more important: a striped shirt must not outvote a dim gym.
const MOST_TEXTURE: f32 = 4.0 * MIN_TEXTURE;

/// The background must hold this much texture in its weaker direction, as that of so many blocks just above the limit, …
const MIN_STRENGTH: f32 = 6.0 * MIN_TEXTURE * PIXELS;

/// … in at least so many blocks.
const MIN_BLOCKS: usize = 10;

/// A block agrees when it wants to move by less than this, thumbnail pixels.
const AGREES: f32 = 0.25;

/// … and what it shows differs from the anchor by less than this part of its own variance.
const ALIKE: f32 = 0.25;

/// A block rests when it wants to move by less than this, thumbnail pixels: half of what makes a standing camera a moving one.
const RESTS: f32 = 0.075;

/// The camera stands while at least this part of the blocks rests: one that moves takes all of them along.
const MIN_RESTING: f32 = 0.5;

/// At least this part of the blocks must agree.
const MIN_AGREEMENT: f32 = 0.55;

/// Scale of the robust weights: one and a half times the median wish, at least this, thumbnail pixels.
const MIN_SCALE: f32 = 0.05;

const ITERATIONS: usize = 8;
/// Steps below this end the search, thumbnail pixels.
const CONVERGED: f32 = 0.002;

/// The coarse search looks so far, in multiples of [`COARSE`] thumbnail pixels, …
const REACH: [i32; 2] = [9, 5];
/// … at every such pixel.
const COARSE: usize = 4;

/// Where a thumbnail lies against the anchor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fit {
    /// How far the background has moved, thumbnail pixels right and down.
    pub offset: [f32; 2],
    /// Part of the blocks that agree with it, 0..1.
    pub agreement: f32,
}

/// A textured block of the anchor.
#[derive(Clone, Copy, Default)]
struct Block {
    x: usize,
    y: usize,
    /// Sums of the gradients.
    sum: [f32; 2],
    /// Centred structure tensor: xx, xy, yy.
    tensor: [f32; 3],
    /// Centred sum of squares of the brightness.
    energy: f32,
}

/// What a block says at a trial offset.
#[derive(Clone, Copy, Default)]
struct Vote {
    block: usize,
    /// Centred sum of gradient times difference.
    pull: [f32; 2],
    /// How far the block would like to move.
    wish: f32,
    /// Centred sum of squares of the difference, as a part of the block's energy.
    unlike: f32,
}

/// Holds what is computed once per anchor.
#[derive(Default)]
pub(super) struct Aligner {
    gradient_x: Vec<f32>,
    gradient_y: Vec<f32>,
    blocks: Vec<Block>,
    votes: Vec<Vote>,
    sorted: Vec<f32>,
}

impl Aligner {
    /// Takes a new anchor.
    pub fn prepare(&mut self, anchor: &Thumbnail, people: &[Box4]) {
        self.differentiate(anchor);
        let (columns, rows) = (anchor.width() / BLOCK, anchor.height() / BLOCK);
        self.blocks.clear();
        self.blocks.reserve(columns * rows);
        self.votes.clear();
        self.votes.reserve(columns * rows);
        self.sorted.clear();
        self.sorted.reserve(columns * rows);
        for row in 0..rows {
            for column in 0..columns {
                let (x, y) = (column * BLOCK, row * BLOCK);
                if !is_covered([x as f32, y as f32], people) {
                    let block = self.block(anchor, x, y);
                    if block.tensor[0] + block.tensor[2] >= MIN_TEXTURE * PIXELS {
                        self.blocks.push(block);
                    }
                }
            }
        }
    }

    /// Where `now` lies, looking first at the expected offset and then everywhere near the anchor. `None` when the
    /// background does not tell.
    pub fn align(
        &mut self,
        anchor: &Thumbnail,
        now: &Thumbnail,
        people: &[Box4],
        expected: [f32; 2],
    ) -> Option<Fit> {
        if self.blocks.len() < MIN_BLOCKS {
            return None;
        }
        self.refine(anchor, now, people, expected)
            .or_else(|| self.refine(anchor, now, people, self.search(anchor, now, people)))
    }

    fn refine(
        &mut self,
        anchor: &Thumbnail,
        now: &Thumbnail,
        people: &[Box4],
        start: [f32; 2],
    ) -> Option<Fit> {
        let mut offset = start;
        for _ in 0..ITERATIONS {
            self.vote(anchor, now, people, offset)?;
            let (step, strength) = self.step()?;
            if strength < MIN_STRENGTH {
                return None;
            }
            offset = [offset[0] - step[0], offset[1] - step[1]];
            if step[0].abs().max(step[1].abs()) < CONVERGED {
                break;
            }
        }
        let near = |i: usize, size: usize| offset[i].abs() < 0.5 * size as f32;
        if !(near(0, now.width()) && near(1, now.height())) {
            return None;
        }
        self.vote(anchor, now, people, offset)?;
        let agrees = |vote: &&Vote| vote.wish < AGREES && vote.unlike < ALIKE;
        let agreeing = self.votes.iter().filter(agrees).count();
        let agreement = agreeing as f32 / self.votes.len() as f32;
        (agreement >= MIN_AGREEMENT).then_some(Fit { offset, agreement })
    }

    /// Whether most of the background lies exactly at an offset, whatever the rest of it does.
    pub fn rests_at(
        &mut self,
        anchor: &Thumbnail,
        now: &Thumbnail,
        people: &[Box4],
        offset: [f32; 2],
    ) -> bool {
        if self.vote(anchor, now, people, offset).is_none() {
            return false;
        }
        let rests = |vote: &&Vote| vote.wish < RESTS && vote.unlike < ALIKE;
        let resting = self.votes.iter().filter(rests).count();
        resting as f32 >= MIN_RESTING * self.votes.len() as f32
    }

    /// Collects what the blocks say at an offset; `None` when too few can say anything.
    fn vote(&mut self, anchor: &Thumbnail, now: &Thumbnail, people: &[Box4], offset: [f32; 2]) -> Option<()> {
        let whole = offset.map(f32::floor);
        let part = [offset[0] - whole[0], offset[1] - whole[1]];
        let whole = whole.map(|v| v as isize);
        self.votes.clear();
        for (index, block) in self.blocks.iter().enumerate() {
            let there = [block.x as f32 + offset[0], block.y as f32 + offset[1]];
            let (x, y) = (block.x as isize + whole[0], block.y as isize + whole[1]);
            let inside = x >= 1
                && y >= 1
                && x + (BLOCK as isize) + 1 < now.width() as isize
                && y + (BLOCK as isize) + 1 < now.height() as isize;
            if !inside || is_covered(there, people) {
                continue;
            }
            let (pull, unlike) = self.pull(anchor, now, block, (x as usize, y as usize), part);
            self.votes.push(Vote {
                block: index,
                pull,
                wish: pull[0].hypot(pull[1]) / (block.tensor[0] + block.tensor[2]),
                unlike: unlike / block.energy,
            });
        }
        (self.votes.len() >= MIN_BLOCKS).then_some(())
    }

    /// Gradient times difference of one block, and the squared difference; centred, so that a change of brightness says
    /// nothing.
    fn pull(
        &self,
        anchor: &Thumbnail,
        now: &Thumbnail,
        block: &Block,
        (x, y): (usize, usize),
        [px, py]: [f32; 2],
    ) -> ([f32; 2], f32) {
        let weights = [(1.0 - px) * (1.0 - py), px * (1.0 - py), (1.0 - px) * py, px * py];
        let [mut sum, mut squares, mut along_x, mut along_y] = [[0.0f32; BLOCK]; 4];
        for row in 0..BLOCK {
            let start = (block.y + row) * anchor.width() + block.x;
            let was = &anchor.row(block.y + row)[block.x..][..BLOCK];
            let gx = &self.gradient_x[start..][..BLOCK];
            let gy = &self.gradient_y[start..][..BLOCK];
            let upper = &now.row(y + row)[x..][..=BLOCK];
            let lower = &now.row(y + row + 1)[x..][..=BLOCK];
            for i in 0..BLOCK {
                let is = weights[0] * upper[i]
                    + weights[1] * upper[i + 1]
                    + weights[2] * lower[i]
                    + weights[3] * lower[i + 1];
                let difference = is - was[i];
                sum[i] += difference;
                squares[i] += difference * difference;
                along_x[i] += gx[i] * difference;
                along_y[i] += gy[i] * difference;
            }
        }
        let mean = sum.iter().sum::<f32>() / PIXELS;
        let pull = [
            along_x.iter().sum::<f32>() - block.sum[0] * mean,
            along_y.iter().sum::<f32>() - block.sum[1] * mean,
        ];
        (pull, squares.iter().sum::<f32>() - PIXELS * mean * mean)
    }

    /// The common step that the votes ask for and how firmly the weaker direction is held.
    fn step(&mut self) -> Option<([f32; 2], f32)> {
        self.sorted.clear();
        self.sorted.extend(self.votes.iter().map(|vote| vote.wish));
        let middle = self.sorted.len() / 2;
        let (_, median, _) = self.sorted.select_nth_unstable_by(middle, f32::total_cmp);
        let scale = (1.5 * *median).max(MIN_SCALE);
        let (mut tensor, mut pull) = ([0.0; 3], [0.0; 2]);
        for vote in &self.votes {
            let block = &self.blocks[vote.block];
            let strength = block.tensor[0] + block.tensor[2];
            let belief = (1.0 + (vote.wish / scale).powi(2)).powi(-2);
            let weight = belief * (MOST_TEXTURE * PIXELS / strength).min(1.0);
            tensor = add(tensor, block.tensor, weight);
            pull = [pull[0] + weight * vote.pull[0], pull[1] + weight * vote.pull[1]];
        }
        let [xx, xy, yy] = tensor;
        let determinant = xx * yy - xy * xy;
        let step = [
            (yy * pull[0] - xy * pull[1]) / determinant,
            (xx * pull[1] - xy * pull[0]) / determinant,
        ];
        step.iter()
            .all(|v| v.is_finite())
            .then_some((step, weaker(tensor)))
    }

    /// The whole offset, in steps of [`COARSE`], at which the blocks differ least.
    fn search(&self, anchor: &Thumbnail, now: &Thumbnail, people: &[Box4]) -> [f32; 2] {
        let (mut best, mut place) = (f32::INFINITY, [0.0; 2]);
        for dy in -REACH[1]..=REACH[1] {
            for dx in -REACH[0]..=REACH[0] {
                let offset = [dx, dy].map(|v| (v * COARSE as i32) as f32);
                if let Some(difference) = self.difference(anchor, now, people, offset)
                    && difference < best
                {
                    (best, place) = (difference, offset);
                }
            }
        }
        place
    }

    /// Mean difference of the blocks' brightness at a whole offset; `None` when too few lie inside.
    fn difference(
        &self,
        anchor: &Thumbnail,
        now: &Thumbnail,
        people: &[Box4],
        offset: [f32; 2],
    ) -> Option<f32> {
        let (mut sum, mut count) = (0.0, 0usize);
        for block in &self.blocks {
            let there = [block.x as f32 + offset[0], block.y as f32 + offset[1]];
            let last = (BLOCK - 1) as f32;
            let inside = there[0] >= 0.0
                && there[1] >= 0.0
                && there[0] + last < now.width() as f32
                && there[1] + last < now.height() as f32;
            if !inside || is_covered(there, people) {
                continue;
            }
            for row in (1..BLOCK).step_by(COARSE / 2) {
                let was = anchor.row(block.y + row);
                let is = now.row(there[1] as usize + row);
                for column in (1..BLOCK).step_by(COARSE / 2) {
                    sum += (was[block.x + column] - is[there[0] as usize + column]).abs();
                }
            }
            count += 1;
        }
        (2 * count >= self.blocks.len().max(2 * MIN_BLOCKS)).then(|| sum / count as f32)
    }

    fn differentiate(&mut self, picture: &Thumbnail) {
        let (width, height) = (picture.width(), picture.height());
        for gradient in [&mut self.gradient_x, &mut self.gradient_y] {
            gradient.clear();
            gradient.resize(width * height, 0.0);
        }
        for y in 1..height.saturating_sub(1) {
            let (above, here, below) = (picture.row(y - 1), picture.row(y), picture.row(y + 1));
            for x in 1..width.saturating_sub(1) {
                self.gradient_x[y * width + x] = 0.5 * (here[x + 1] - here[x - 1]);
                self.gradient_y[y * width + x] = 0.5 * (below[x] - above[x]);
            }
        }
    }

    fn block(&self, picture: &Thumbnail, x: usize, y: usize) -> Block {
        let (mut sum, mut tensor) = ([0.0; 2], [0.0; 3]);
        let (mut luma, mut squares) = (0.0, 0.0);
        for row in y..y + BLOCK {
            let at = row * picture.width() + x;
            let gradients = self.gradient_x[at..][..BLOCK].iter().zip(&self.gradient_y[at..]);
            for ((gx, gy), value) in gradients.zip(&picture.row(row)[x..]) {
                sum = [sum[0] + gx, sum[1] + gy];
                tensor = add(tensor, [gx * gx, gx * gy, gy * gy], 1.0);
                luma += value;
                squares += value * value;
            }
        }
        let centre = [sum[0] * sum[0], sum[0] * sum[1], sum[1] * sum[1]];
        Block {
            x,
            y,
            sum,
            tensor: add(tensor, centre, -1.0 / PIXELS),
            energy: squares - luma * luma / PIXELS,
        }
    }
}

fn add(sum: [f32; 3], term: [f32; 3], weight: f32) -> [f32; 3] {
    std::array::from_fn(|i| sum[i] + weight * term[i])
}

/// The smaller eigenvalue of a structure tensor.
fn weaker([xx, xy, yy]: [f32; 3]) -> f32 {
    0.5 * (xx + yy) - (0.25 * (xx - yy).powi(2) + xy * xy).sqrt()
}

/// Whether a block with this corner touches anybody.
fn is_covered([x, y]: [f32; 2], people: &[Box4]) -> bool {
    let side = BLOCK as f32;
    people
        .iter()
        .any(|&[left, top, right, bottom]| x + side > left && x < right && y + side > top && y < bottom)
}
