//! Branches behind the analysis: none, one or several consumers of the same frames.

use crate::AnalysisError;
use crate::elements::make;
use gst::prelude::*;

/// A chain of elements that takes analysed frames, already added to the pipeline and linked.
pub(crate) struct Branch {
    /// First element of the chain.
    pub first: gst::Element,
    /// Elements of the chain, to tell whose an error is.
    pub elements: Vec<gst::Element>,
}

impl Branch {
    /// Adds a chain to the pipeline and links it.
    pub fn build(pipeline: &gst::Pipeline, elements: Vec<gst::Element>) -> Result<Self, AnalysisError> {
        pipeline
            .add_many(&elements)
            .and_then(|()| gst::Element::link_many(&elements))
            .map_err(|error| pipeline_error(&error))?;
        let first = elements.first().cloned().ok_or_else(|| AnalysisError::Pipeline {
            element: "branch".into(),
            reason: "it has no elements".into(),
        })?;
        Ok(Self { first, elements })
    }

    /// Whether an object is part of this branch.
    pub fn contains(&self, object: &gst::Object) -> bool {
        self.elements
            .iter()
            .any(|element| object == element || object.has_as_ancestor(element))
    }
}

/// Links the branches behind an element: directly when there is one, through a `tee` when there are several, to a sink
/// that drops frames when there is none. Behind a `tee` each branch starts with its own bounded queue.
pub(crate) fn link_branches(
    pipeline: &gst::Pipeline,
    last: &gst::Element,
    branches: &[&Branch],
) -> Result<(), AnalysisError> {
    match branches {
        [] => {
            let sink = make("fakesink", "drop")?;
            sink.set_property("sync", false);
            pipeline
                .add(&sink)
                .and_then(|()| last.link(&sink))
                .map_err(|error| pipeline_error(&error))
        }
        [branch] => last.link(&branch.first).map_err(|error| pipeline_error(&error)),
        branches => {
            let tee = make("tee", "outputs")?;
            pipeline
                .add(&tee)
                .and_then(|()| last.link(&tee))
                .map_err(|error| pipeline_error(&error))?;
            branches
                .iter()
                .try_for_each(|branch| tee.link(&branch.first).map_err(|error| pipeline_error(&error)))
        }
    }
}

/// A queue of a few frames that waits when it is full.
pub(crate) fn bounded_queue(name: &str) -> Result<gst::Element, AnalysisError> {
    const FRAMES: u32 = 3;
    let queue = make("queue", name)?;
    queue.set_property("max-size-buffers", FRAMES);
    queue.set_property("max-size-bytes", 0u32);
    queue.set_property("max-size-time", 0u64);
    Ok(queue)
}

fn pipeline_error(error: &gst::glib::BoolError) -> AnalysisError {
    AnalysisError::Pipeline {
        element: "outputs".into(),
        reason: error.to_string(),
    }
}
