use super::*;
use serde_json::json;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a fake answers to a query.
type Answers = Arc<Mutex<dyn FnMut(&str) -> String + Send>>;

/// A Prometheus that answers with what `answer` makes of a query; its address.
pub async fn fake(answer: impl FnMut(&str) -> String + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}/", listener.local_addr().expect("an address"));
    let answers: Answers = Arc::new(Mutex::new(answer));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.expect("a client");
            tokio::spawn(serve(stream, answers.clone()));
        }
    });
    address
}

async fn serve(mut stream: TcpStream, answers: Answers) {
    let mut request = Vec::new();
    let body = loop {
        if stream.read_buf(&mut request).await.expect("a request") == 0 {
            return;
        }
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        assert!(head.starts_with("post /api/v1/query http/1.1"), "{head}");
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.expect("a length").parse().expect("a number");
        if body.len() == length {
            break request[request.len() - length..].to_vec();
        }
    };
    let (name, query) = url::form_urlencoded::parse(&body).next().expect("a field");
    assert_eq!(name, "query");
    let text = {
        let mut answer = answers.lock().expect("no panic");
        answer(&query)
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        text.len()
    );
    // A client that is tired of waiting is none of our business.
    let _ = stream.write_all(format!("{head}{text}").as_bytes()).await;
}

/// A vector of one number.
pub fn number(value: &str) -> String {
    let result = json!([{"metric": {}, "value": [1.5, value]}]);
    json!({"status": "success", "data": {"resultType": "vector", "result": result}}).to_string()
}

/// A vector of nothing.
pub fn nothing() -> String {
    json!({"status": "success", "data": {"resultType": "vector", "result": []}}).to_string()
}

fn plan(url: &str, back_end: &str) -> Plan {
    let text =
        format!("old = ['blue']\nnew = ['green.1', 'green-2']\n[{back_end}]\n[prometheus]\nurl = '{url}'");
    let mut plan: Plan = text
        .parse::<toml::Table>()
        .expect("TOML")
        .try_into()
        .expect("a plan");
    plan.prometheus.sessions = "live($servers)".into();
    plan
}

const WINDOW: Duration = Duration::from_millis(1500);

#[tokio::test]
async fn answers_errors_and_latency_are_asked_of_the_new_servers() {
    for back_end in ["haproxy", "kubectl"] {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let queries = asked.clone();
        let url = fake(move |query| {
            queries.lock().expect("no panic").push(query.to_owned());
            let errors = query.contains("5xx") || query.contains("5..");
            number(if query.contains("quantile") {
                "0.125"
            } else if errors {
                "3"
            } else {
                "120.5"
            })
        });
        let plan = plan(&url.await, back_end);
        let prometheus = Prometheus::of(&plan).expect("a client");
        let measured = prometheus.measure(&plan.new, WINDOW).await.expect("measured");
        assert_eq!(
            measured,
            Measured {
                requests: 120.5,
                errors: 3.0,
                p95_s: Some(0.125)
            }
        );
        let asked = asked.lock().expect("no panic");
        assert_eq!(asked.len(), 3);
        for query in &*asked {
            assert!(query.contains("=~\"green[.]1|green-2\""), "{query}");
            assert!(query.contains("[1500ms]") && !query.contains('$'), "{query}");
        }
    }
}

#[tokio::test]
async fn no_data_is_told_apart_from_no_latency() {
    let url = fake(|query| match query {
        _ if query.contains("quantile") => number("NaN"),
        _ if query.starts_with("live") => nothing(),
        _ => number("7"),
    });
    let some = plan(&url.await, "haproxy");
    let prometheus = Prometheus::of(&some).expect("a client");
    let measured = prometheus.measure(&some.new, WINDOW).await.expect("measured");
    assert_eq!(
        measured,
        Measured {
            requests: 7.0,
            errors: 7.0,
            p95_s: None
        }
    );
    assert_eq!(prometheus.sessions(&some.new, WINDOW).await.expect("asked"), None);
    let none = plan(&fake(|_| nothing()).await, "haproxy");
    let prometheus = Prometheus::of(&none).expect("a client");
    let error = prometheus.measure(&none.new, WINDOW).await.expect_err("no data");
    assert_eq!(error.to_string(), "Prometheus has no data of its requests");
}

#[tokio::test]
async fn what_prometheus_does_not_understand_is_told_in_its_words() {
    let answer = json!({"status": "error", "errorType": "bad_data", "error": "unexpected character"});
    let plan = plan(&fake(move |_| answer.to_string()).await, "haproxy");
    let prometheus = Prometheus::of(&plan).expect("a client");
    let error = prometheus
        .measure(&plan.new, WINDOW)
        .await
        .expect_err("not understood");
    assert!(error.to_string().ends_with("unexpected character"), "{error}");
}
