//! Removes what no output needs.

use super::graph::GraphBuilder;
use std::collections::HashSet;

/// Keeps the nodes and initializers that `outputs` depend on, in their order.
pub(super) fn prune<'a>(graph: &mut GraphBuilder, outputs: impl IntoIterator<Item = &'a str>) {
    let mut needed: HashSet<String> = outputs.into_iter().map(str::to_owned).collect();
    let mut kept = Vec::with_capacity(graph.nodes.len());
    // A node comes after those it depends on, so one pass from the end sees every use before the definition.
    for node in graph.nodes.drain(..).rev() {
        if node.outputs.iter().any(|output| needed.contains(output)) {
            needed.extend(node.inputs.iter().cloned());
            kept.push(node);
        }
    }
    kept.reverse();
    graph.nodes = kept;
    graph
        .initializers
        .retain(|initializer| needed.contains(&initializer.name));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_no_output_needs_goes_with_its_weights() {
        let mut graph = GraphBuilder::default();
        let shared_weight = graph.floats(&[1.0], &[]);
        let shared = graph.node("Add", ["input".to_owned(), shared_weight.clone()], []);
        let unused_weight = graph.floats(&[2.0], &[]);
        let unused = graph.node("Mul", [shared.clone(), unused_weight], []);
        graph.node("Relu", [unused], []);
        let output = graph.node("Sigmoid", [shared.clone()], []);

        prune(&mut graph, [output.as_str()]);

        let left: Vec<_> = graph.nodes.iter().map(|node| node.outputs[0].as_str()).collect();
        assert_eq!(left, [shared.as_str(), output.as_str()]);
        let weights: Vec<_> = graph
            .initializers
            .iter()
            .map(|tensor| tensor.name.as_str())
            .collect();
        assert_eq!(weights, [shared_weight.as_str()]);
    }
}
