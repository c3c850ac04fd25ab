//! The API described for people: one page without scripts, made from the OpenAPI document.

use super::examples::commands;
use super::openapi::DOCUMENT;
use axum::response::Html;
use serde_json::Value;
use std::fmt::Write;
use std::sync::LazyLock;

/// The page.
pub async fn page() -> Html<&'static str> {
    static PAGE: LazyLock<String> = LazyLock::new(|| {
        let document = serde_json::to_value(&*DOCUMENT).expect("the description can be written as JSON");
        render(&document)
    });
    Html(&PAGE)
}

const STYLE: &str = include_str!("docs.css");

fn render(document: &Value) -> String {
    let info = &document["info"];
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title} API</title><style>{STYLE}</style></head><body>\
         <h1>{title} API <small>{version}</small></h1>{description}\
         <p>For programs: <a href=\"/api/v1/openapi.json\">openapi.json</a> (OpenAPI 3.1). With tokens configured, send \
         <code>Authorization: Bearer TOKEN</code>, or <code>?access_token=TOKEN</code> where headers cannot be set.</p>",
        title = text(&info["title"]),
        version = text(&info["version"]),
        description = paragraphs(&info["description"]),
    );
    for tag in list(&document["tags"]) {
        page += &format!(
            "<h2>{}</h2><p>{}</p>",
            text(&tag["name"]),
            text(&tag["description"])
        );
        for (path, item) in members(&document["paths"]) {
            for (method, operation) in members(item) {
                if list(&operation["tags"]).contains(&tag["name"]) {
                    page += &operation_section(document, method, path, operation);
                }
            }
        }
    }
    page += "<h2>Objects</h2>";
    for (name, schema) in members(&document["components"]["schemas"]) {
        page += &schema_section(name, schema);
    }
    page + "</body></html>\n"
}

fn operation_section(document: &Value, method: &str, path: &str, operation: &Value) -> String {
    let mut section = format!(
        "<section><h3><b class=\"{method}\">{}</b> <code>{}</code> {}</h3>{}",
        method.to_uppercase(),
        escaped(path),
        text(&operation["summary"]),
        paragraphs(&operation["description"]),
    );
    let parameters: Vec<&Value> = list(&operation["parameters"]).iter().collect();
    if !parameters.is_empty() {
        section += "<table><tr><th>parameter<th>in<th>type<th></tr>";
        for parameter in parameters {
            let _ = write!(
                section,
                "<tr><td><code>{}</code><td>{}<td>{}<td>{}</tr>",
                text(&parameter["name"]),
                text(&parameter["in"]),
                type_of(&parameter["schema"]),
                text(&parameter["description"]),
            );
        }
        section += "</table>";
    }
    for (media_type, content) in members(&operation["requestBody"]["content"]) {
        let _ = write!(
            section,
            "<p>Body: <code>{media_type}</code> {}</p>",
            type_of(&content["schema"])
        );
    }
    for command in commands(document, method, path, operation) {
        let _ = write!(section, "<pre>{}</pre>", escaped(&command));
    }
    section += "<ul>";
    for (status, response) in members(&operation["responses"]) {
        let contents = members(&response["content"]).map(|(media_type, content)| {
            format!(" <code>{media_type}</code> {}", type_of(&content["schema"]))
        });
        let contents: String = contents.collect();
        let _ = write!(
            section,
            "<li><b>{}</b> {}{contents}</li>",
            escaped(status),
            text(&response["description"])
        );
    }
    section + "</ul></section>"
}

fn schema_section(name: &str, schema: &Value) -> String {
    let mut section = format!(
        "<section id=\"{name}\"><h3><code>{name}</code></h3>{}",
        paragraphs(&schema["description"])
    );
    let parts = [schema]
        .into_iter()
        .chain(list(&schema["allOf"]))
        .chain(list(&schema["oneOf"]));
    let mut rows = String::new();
    for part in parts {
        for (member, schema) in members(&part["properties"]) {
            let needed = if list(&part["required"]).iter().any(|name| name == member) {
                ""
            } else {
                "?"
            };
            let description = match text(&schema["description"]) {
                own if own.is_empty() => text(&part["description"]),
                own => own,
            };
            let _ = write!(
                rows,
                "<tr><td><code>{member}{needed}</code><td>{}<td>{description}</tr>",
                type_of(schema)
            );
        }
    }
    if !rows.is_empty() {
        section += &format!("<table><tr><th>member<th>type<th></tr>{rows}</table>");
    }
    let includes: Vec<String> = list(&schema["allOf"])
        .iter()
        .filter(|part| !part["$ref"].is_null())
        .map(type_of)
        .collect();
    if !includes.is_empty() {
        section += &format!("<p>and the members of {}</p>", includes.join(", "));
    }
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<String> = values
            .iter()
            .map(|value| format!("<code>{}</code>", text(value)))
            .collect();
        section += &format!("<p>One of {}</p>", values.join(", "));
    }
    section + "</section>"
}

/// A type in a few words, with a link to the object it is.
fn type_of(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = escaped(reference.rsplit('/').next().unwrap_or(reference));
        return format!("<a href=\"#{name}\">{name}</a>");
    }
    let options: Vec<String> = list(&schema["oneOf"])
        .iter()
        .filter(|option| option["type"] != "null")
        .map(type_of)
        .collect();
    if !options.is_empty() {
        return options.join(" or ");
    }
    let name = match &schema["type"] {
        Value::Array(types) => types
            .iter()
            .map(text)
            .filter(|name| name != "null")
            .collect::<Vec<_>>()
            .join(" or "),
        other => text(other),
    };
    match name.as_str() {
        "array" => format!("list of {}", type_of(&schema["items"])),
        _ => name,
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// A text for a page; backticks become code.
fn text(value: &Value) -> String {
    let Some(text) = value.as_str() else {
        return if value.is_null() {
            String::new()
        } else {
            escaped(&value.to_string())
        };
    };
    let mut page = String::new();
    for (n, part) in escaped(text).split('`').enumerate() {
        page += match n {
            0 => "",
            n if n % 2 == 1 => "<code>",
            _ => "</code>",
        };
        page += part;
    }
    page
}

fn paragraphs(value: &Value) -> String {
    let text = text(value);
    let paragraphs = text.split("\n\n").filter(|paragraph| !paragraph.is_empty());
    paragraphs
        .map(|paragraph| format!("<p>{paragraph}</p>"))
        .collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_operation_once_and_links_that_lead_somewhere() {
        let document = serde_json::to_value(&*DOCUMENT).expect("JSON");
        let page = render(&document);
        let operations: usize = members(&document["paths"])
            .map(|(_, item)| {
                members(item)
                    .filter(|(_, operation)| operation["responses"].is_object())
                    .count()
            })
            .sum();
        assert!(operations > 10);
        assert_eq!(page.matches("<section><h3>").count(), operations);
        let examples: Vec<&str> = page
            .split("<pre>curl ")
            .skip(1)
            .filter_map(|rest| rest.split("</pre>").next())
            .collect();
        assert!(examples.len() >= operations, "{} examples", examples.len());
        for example in examples {
            let address = example.split("127.0.0.1:8080").nth(1).expect("an address");
            let address = address.split('\'').next().expect("its end");
            assert!(!address.contains('{'), "{example}");
        }
        for link in page.split("href=\"#").skip(1) {
            let name = link.split('"').next().expect("a name");
            assert!(page.contains(&format!("id=\"{name}\"")), "{name}");
        }
        assert!(!page.contains("<script"));
    }
}
