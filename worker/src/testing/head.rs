//! An event as the text that crosses into WebAssembly: the class `Head` of `head.mjs`.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};

/// `Buffer` takes base64 with its padding and without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

#[derive(Default)]
pub(super) struct Head {
    /// How many bytes each value has.
    pub(super) lengths: Vec<u32>,
    pub(super) text: String,
    /// The request's body, decoded.
    pub(super) body: Vec<u8>,
}

/// Reads an event, or says which part has not the shape it must have.
pub(super) fn read(event: &Value) -> Result<Head, String> {
    let cf = &event["Records"][0]["cf"];
    let mut head = Head::default();
    object(cf, "Records[0].cf")?;
    let (config, request) = (&cf["config"], &cf["request"]);
    object(config, "config")?;
    object(request, "request")?;
    head.value(&config["eventType"], "config.eventType")?;
    for key in ["requestId", "distributionDomainName", "distributionId"] {
        match &config[key] {
            Value::Null => head.push(""),
            value => head.value(value, &format!("config.{key}"))?,
        }
    }
    for key in ["method", "clientIp", "uri", "querystring"] {
        head.value(&request[key], &format!("request.{key}"))?;
    }
    head.headers(&request["headers"], "request.headers")?;
    head.request_body(&request["body"])?;
    head.origin(&request["origin"])?;
    head.response(&cf["response"])?;
    Ok(head)
}

impl Head {
    fn push(&mut self, text: &str) {
        self.lengths.push(text.len() as u32);
        self.text += text;
    }

    fn value(&mut self, value: &Value, name: &str) -> Result<(), String> {
        self.push(value.as_str().ok_or_else(|| format!("{name} is not a string"))?);
        Ok(())
    }

    fn headers(&mut self, headers: &Value, name: &str) -> Result<(), String> {
        let mut fields = Vec::new();
        for (key, values) in object(headers, name)? {
            let malformed = || format!("{name}[{key:?}] is not an array of {{ value: string }}");
            for field in values.as_array().ok_or_else(malformed)? {
                fields.push((key, field["value"].as_str().ok_or_else(malformed)?));
            }
        }
        self.push(&fields.len().to_string());
        for (name, value) in fields {
            self.push(name);
            self.push(value);
        }
        Ok(())
    }

    fn request_body(&mut self, body: &Value) -> Result<(), String> {
        if body.is_null() {
            self.push("");
            return Ok(());
        }
        object(body, "request.body")?;
        self.push(match body["inputTruncated"] {
            Value::Bool(true) => "truncated",
            Value::Bool(false) => "complete",
            _ => return Err("request.body.inputTruncated is not a boolean".into()),
        });
        let data = body["data"].as_str().ok_or("request.body.data is not a string")?;
        self.body = match body["encoding"].as_str() {
            Some("text") => data.as_bytes().to_vec(),
            Some("base64") => BASE64.decode(data).map_err(|_| "request.body.data is not base64")?,
            _ => return Err("request.body.encoding is neither base64 nor text".into()),
        };
        Ok(())
    }

    fn origin(&mut self, origin: &Value) -> Result<(), String> {
        let Some(kind) = ["custom", "s3"].into_iter().find(|kind| is_truthy(&origin[*kind])) else {
            self.push("");
            return Ok(());
        };
        let origin = &origin[kind];
        self.push(kind);
        self.value(&origin["domainName"], "request.origin.domainName")?;
        self.value(&origin["path"], "request.origin.path")?;
        match &origin["customHeaders"] {
            Value::Null => self.push("0"),
            headers => self.headers(headers, "request.origin.customHeaders")?,
        }
        Ok(())
    }

    fn response(&mut self, response: &Value) -> Result<(), String> {
        if response.is_null() {
            self.push("");
            return Ok(());
        }
        self.value(&response["status"], "response.status")?;
        self.headers(&response["headers"], "response.headers")
    }
}

fn object<'a>(value: &'a Value, name: &str) -> Result<&'a Map<String, Value>, String> {
    value.as_object().ok_or_else(|| format!("{name} is not an object"))
}

/// JavaScript's meaning of a condition.
fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
        _ => true,
    }
}
