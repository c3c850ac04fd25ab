//! Sparse TFLite tensors made dense.

use super::ConvertError;
use super::flatbuffer::Read;
use super::schema::{Level, Sparsity};

/// The dense array of a sparse tensor. `stored` holds the kept values in traversal order; all others are zero.
///
/// Errors when the description contradicts itself, the shape or the number of stored values.
pub(super) fn densify<T: Copy + Default>(stored: &[T], shape: &[usize], sparsity: &Sparsity) -> Read<Vec<T>> {
    let mut dense = vec![T::default(); super::constant::element_count(shape)?];
    let mut walk = Walk {
        levels: &sparsity.levels,
        dimensions: dimensions(shape, sparsity)?,
        // Each level visits a position of the dense array at most once.
        steps_left: (dense.len() + 1) * (sparsity.levels.len() + 1),
    };
    walk.descend(0, 0, 0, &mut |position, at| {
        let value = stored
            .get(position)
            .ok_or(contradiction("there are fewer values than positions"))?;
        *dense
            .get_mut(at)
            .ok_or(contradiction("a position lies outside the tensor"))? = *value;
        Ok(())
    })?;
    Ok(dense)
}

fn contradiction(what: &'static str) -> ConvertError {
    ConvertError::Sparse(what)
}

/// How one level of the traversal moves through the dense array.
struct Dimension {
    /// Elements of the dense array from one position of this level to the next.
    stride: usize,
    /// Positions of this level.
    size: usize,
}

/// Size and stride of each level. A blocked dimension is split into an outer level, counted in blocks, and an
/// inner one within the block.
fn dimensions(shape: &[usize], sparsity: &Sparsity) -> Read<Vec<Dimension>> {
    let rank = shape.len();
    let Sparsity {
        traversal_order,
        block_map,
        levels,
    } = sparsity;
    if traversal_order.len() != rank + block_map.len() || levels.len() != traversal_order.len() {
        return Err(contradiction(
            "the traversal order does not have one level per dimension and block",
        ));
    }
    let mut seen = vec![false; traversal_order.len()];
    for &dimension in traversal_order {
        match seen.get_mut(dimension) {
            Some(seen @ false) => *seen = true,
            _ => return Err(contradiction("the traversal order is not a permutation")),
        }
    }

    let mut blocks = vec![1; rank];
    for (level, &dimension) in levels.iter().zip(traversal_order) {
        if dimension >= rank {
            let blocked = blocks.get_mut(block_map[dimension - rank]);
            let (Some(block), &Level::Dense(size @ 1..)) = (blocked, level) else {
                return Err(contradiction(
                    "a block dimension is not a dense part of a dimension",
                ));
            };
            *block = size;
        }
    }
    let mut strides = vec![1; rank];
    for d in (1..rank).rev() {
        strides[d - 1] = strides[d] * shape[d];
    }
    let dimension = |&number: &usize| {
        if number < rank {
            Dimension {
                stride: strides[number] * blocks[number],
                size: shape[number].div_ceil(blocks[number]),
            }
        } else {
            let d = block_map[number - rank];
            Dimension {
                stride: strides[d],
                size: blocks[d],
            }
        }
    };
    Ok(traversal_order.iter().map(dimension).collect())
}

struct Walk<'a> {
    levels: &'a [Level],
    dimensions: Vec<Dimension>,
    steps_left: usize,
}

impl Walk<'_> {
    /// Visits everything below `position` of level `depth - 1`, which lies at `at` in the dense array.
    /// `visit` gets the number of the stored value and its place in the dense array.
    fn descend(
        &mut self,
        depth: usize,
        position: usize,
        at: usize,
        visit: &mut impl FnMut(usize, usize) -> Read<()>,
    ) -> Read<()> {
        self.steps_left = self
            .steps_left
            .checked_sub(1)
            .ok_or(contradiction("positions are listed more than once"))?;
        let Some(level) = self.levels.get(depth) else {
            return visit(position, at);
        };
        let Dimension { stride, size } = self.dimensions[depth];
        match level {
            Level::Dense(stored) => {
                if *stored != size {
                    return Err(contradiction("a dense dimension differs from the shape"));
                }
                for i in 0..size {
                    self.descend(depth + 1, position * size + i, at + i * stride, visit)?;
                }
            }
            Level::Compressed { segments, indices } => {
                let bounds = segments.get(position).zip(segments.get(position + 1));
                let listed =
                    bounds.and_then(|(&start, &end)| indices.get(start..end).map(|list| (start, list)));
                let (start, list) = listed.ok_or(contradiction("a segment lies outside the indices"))?;
                for (i, &index) in list.iter().enumerate() {
                    if index >= size {
                        return Err(contradiction("an index lies outside its dimension"));
                    }
                    self.descend(depth + 1, start + i, at + index * stride, visit)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sparsity(order: &[usize], block_map: &[usize], levels: Vec<Level>) -> Sparsity {
        Sparsity {
            traversal_order: order.to_vec(),
            block_map: block_map.to_vec(),
            levels,
        }
    }

    fn compressed(segments: &[usize], indices: &[usize]) -> Level {
        Level::Compressed {
            segments: segments.to_vec(),
            indices: indices.to_vec(),
        }
    }

    #[test]
    fn compressed_rows_become_a_dense_matrix() {
        let csr = sparsity(
            &[0, 1],
            &[],
            vec![Level::Dense(3), compressed(&[0, 2, 2, 3], &[0, 3, 1])],
        );
        let dense = densify(&[1, 2, 3], &[3, 4], &csr).unwrap();
        assert_eq!(dense, [1, 0, 0, 2, 0, 0, 0, 0, 0, 3, 0, 0]);
    }

    #[test]
    fn columns_can_be_the_outer_dimension() {
        let csc = sparsity(
            &[1, 0],
            &[],
            vec![Level::Dense(3), compressed(&[0, 1, 1, 3], &[1, 0, 1])],
        );
        let dense = densify(&[5, 6, 7], &[2, 3], &csc).unwrap();
        assert_eq!(dense, [0, 0, 6, 5, 0, 7]);
    }

    #[test]
    fn blocks_of_two_by_two_are_unfolded() {
        // 4x4 in 2x2 blocks, only the blocks (0, 1) and (1, 0) are stored.
        let blocks = sparsity(
            &[0, 1, 2, 3],
            &[0, 1],
            vec![
                Level::Dense(2),
                compressed(&[0, 1, 2], &[1, 0]),
                Level::Dense(2),
                Level::Dense(2),
            ],
        );
        let dense = densify(&[1, 2, 3, 4, 5, 6, 7, 8], &[4, 4], &blocks).unwrap();
        assert_eq!(dense, [0, 0, 1, 2, 0, 0, 3, 4, 5, 6, 0, 0, 7, 8, 0, 0]);
    }

    #[test]
    fn contradictions_are_errors() {
        let rows = |level| sparsity(&[0, 1], &[], vec![Level::Dense(2), level]);
        let cases = [
            ("too few values", rows(compressed(&[0, 2, 4], &[0, 1, 0, 1])), 3),
            ("index outside", rows(compressed(&[0, 1, 2], &[0, 2])), 2),
            ("segment outside", rows(compressed(&[0, 1, 9], &[0, 1])), 2),
            ("segments missing", rows(compressed(&[0], &[0, 1])), 2),
            ("segments reversed", rows(compressed(&[2, 1, 0], &[0, 1])), 2),
            ("dense size", rows(Level::Dense(3)), 6),
            (
                "order twice",
                sparsity(&[0, 0], &[], vec![Level::Dense(2), Level::Dense(2)]),
                4,
            ),
            ("level missing", sparsity(&[0, 1], &[], vec![Level::Dense(2)]), 4),
            (
                "block of no dimension",
                sparsity(&[0, 1, 2], &[7], vec![Level::Dense(2); 3]),
                8,
            ),
        ];
        for (name, description, values) in cases {
            let error = densify(&vec![1u8; values], &[2, 2], &description).unwrap_err();
            assert!(matches!(error, ConvertError::Sparse(_)), "{name}: {error}");
        }
    }

    #[test]
    fn overlapping_segments_do_not_run_forever() {
        let every_row_lists_everything = || compressed(&[0, 64, 64], &[0; 64]);
        let levels = vec![
            Level::Dense(1),
            every_row_lists_everything(),
            compressed(&[0; 65].map(|_: usize| 0), &[0; 64]),
            compressed(&[0, 64], &[0; 64]),
        ];
        let error = densify(&[1u8; 64], &[1, 1, 1, 1], &sparsity(&[0, 1, 2, 3], &[], levels)).unwrap_err();
        assert!(matches!(error, ConvertError::Sparse(_)));
    }

    #[test]
    fn an_absurd_shape_is_refused_before_memory_is_taken() {
        let levels = vec![Level::Dense(1 << 30), Level::Dense(1 << 30)];
        assert!(densify(&[1u8], &[1 << 30, 1 << 30], &sparsity(&[0, 1], &[], levels)).is_err());
    }
}
