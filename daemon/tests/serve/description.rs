//! Requests made from the description of the API: whatever is described is asked by itself.

use crate::client::{Answer, Client};
use crate::daemon::Daemon;
use hyper::Method;
use serde_json::{Map, Value};

/// An operation with what it takes.
#[derive(Debug)]
pub struct Operation {
    pub method: Method,
    /// With names in braces.
    pub path: String,
    /// Parameters of the query that must be there.
    query: String,
    /// Headers that must be there.
    headers: Vec<(String, String)>,
    /// Media type and body.
    body: Option<(String, Vec<u8>)>,
}

/// Everything that is described.
pub async fn operations(daemon: &Daemon) -> Vec<Operation> {
    let document = daemon.public.get("/api/v1/openapi.json").await.json();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            operations.push(Operation {
                method: Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method"),
                path: path.clone(),
                query: query(&document, operation),
                headers: required(&document, operation, "header"),
                body: body(&document, operation),
            });
        }
    }
    assert!(operations.len() > 10);
    operations
}

impl Operation {
    /// What it is called in messages.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether its path names something.
    pub fn has_names(&self) -> bool {
        self.path.contains('{')
    }

    /// Asks it with a key, or with "" without one, about the thing of this name.
    pub async fn ask(&self, client: &Client, key: &str, id: &str) -> Answer {
        let path = self.path.replace("{id}", id);
        let named: Vec<&str> = path
            .split('/')
            .map(|part| if part.starts_with('{') { "other" } else { part })
            .collect();
        let path = format!("{}{}", named.join("/"), self.query);
        let bearer = format!("Bearer {key}");
        let headers = self.headers.iter();
        let mut headers: Vec<_> = headers
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        if !key.is_empty() {
            headers.push(("authorization", bearer.as_str()));
        }
        let body = match &self.body {
            Some((media_type, body)) => {
                headers.push(("content-type", media_type.as_str()));
                body.as_slice()
            }
            None => b"",
        };
        client.send(self.method.clone(), &path, &headers, body).await
    }
}

/// Names and values of the parameters of a kind that must be there.
fn required(document: &Value, operation: &Value, kind: &str) -> Vec<(String, String)> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let required = parameters.filter(|parameter| parameter["in"] == kind && parameter["required"] == true);
    let pair = |parameter: &Value| {
        let value = match given(parameter) {
            Some(value) => value,
            None => example(document, &parameter["schema"]),
        };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (parameter["name"].as_str().expect("a name").to_owned(), text)
    };
    required.map(pair).collect()
}

fn query(document: &Value, operation: &Value) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    pairs.extend_pairs(required(document, operation, "query"));
    match pairs.finish() {
        none if none.is_empty() => none,
        pairs => format!("?{pairs}"),
    }
}

fn body(document: &Value, operation: &Value) -> Option<(String, Vec<u8>)> {
    let contents = operation["requestBody"]["content"].as_object()?;
    if let Some(content) = contents.get("application/json") {
        let value = given(content).unwrap_or_else(|| example(document, &content["schema"]));
        return Some(("application/json".into(), value.to_string().into_bytes()));
    }
    let media_type = contents.keys().next()?;
    Some((media_type.clone(), b"v=0".to_vec()))
}

/// The example that is described.
fn given(described: &Value) -> Option<Value> {
    let examples = &described["examples"];
    let first = match examples {
        Value::Array(all) => all.first(),
        Value::Object(all) => all.values().next().map(|one| &one["value"]),
        _ => None,
    };
    first.or(described.get("example")).cloned()
}

/// A value that fits a schema: what is described as an example, else the least that must be there.
fn example(document: &Value, schema: &Value) -> Value {
    if let Some(target) = schema["$ref"].as_str() {
        let target = document.pointer(target.trim_start_matches('#'));
        return example(document, target.expect("every reference leads somewhere"));
    }
    if let Some(value) = given(schema).or_else(|| schema.get("default").cloned()) {
        return value;
    }
    for choice in ["oneOf", "anyOf"] {
        let choices = schema[choice].as_array().into_iter().flatten();
        if let Some(first) = choices.into_iter().find(|choice| choice["type"] != "null") {
            return example(document, first);
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let mut whole = Map::new();
        for part in parts {
            if let Value::Object(members) = example(document, part) {
                whole.extend(members);
            }
        }
        return Value::Object(whole);
    }
    if let Some(value) = schema["enum"].as_array().and_then(|values| values.first()) {
        return value.clone();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null").and_then(Value::as_str),
        kind => kind.as_str(),
    };
    match kind.unwrap_or("object") {
        "string" => "x".into(),
        "boolean" => true.into(),
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or_else(|| 1.into()),
        "array" => Value::Array(vec![example(document, &schema["items"])]),
        _ => {
            let required = schema["required"].as_array().into_iter().flatten();
            let members = required.filter_map(Value::as_str).map(|name| {
                let member = &schema["properties"][name];
                (name.to_owned(), example(document, member))
            });
            Value::Object(members.collect())
        }
    }
}
