// Serves export: JSON Schemas (2020-12) of results.json and claims.json.
import Specification

/// The JSON Schema of results.json.
public let resultsSchema = schema(
  "Offprint results",
  [
    "paper": text, "profile": text, "engine": text, "numeric_version": text,
    "values": list(
      object(
        ["expression": text, "text": text, "kind": text, "experiments": list(text), "samples": list(text)])),
    "experiments": [
      "type": "object",
      "additionalProperties": object(
        [
          "data": text, "data_digest": text, "seeds": count, "command": text, "files": list(text),
          "parameters": ["type": "object", "additionalProperties": text],
          "runs": list(
            object(
              ["key": digest, "label": text, "result": digest, "failure": text],
              optional: ["result", "failure"])),
        ]),
    ],
  ])

/// The JSON Schema of claims.json.
public let claimsSchema = schema(
  "Offprint claims",
  [
    "paper": text, "profile": text, "numeric_version": text,
    "claims": list(
      object(
        [
          "id": ["type": "string", "pattern": "^clm-"], "says": text,
          "verdict": verdict, "verdict_over_paper": verdict,
          "assertion": text, "experiments": list(text), "difference": number,
          "interval": [
            "type": "array", "prefixItems": [number, number], "minItems": 2, "maxItems": 2,
          ],
          "seeds": count, "adjusted_p": number, "note": text, "published": text,
        ],
        optional: [
          "assertion", "experiments", "difference", "interval", "seeds", "adjusted_p", "note", "published",
          "verdict_over_paper",
        ])),
  ])

private let text: Value = ["type": "string"]
private let count: Value = ["type": "integer", "minimum": 0]
private let verdict: Value = ["enum": .array(ReportVerdict.allCases.map { .string($0.rawValue) })]
private let digest: Value = ["type": "string", "pattern": "^[0-9a-f]{64}$"]
/// Numbers that JSON cannot write are strings.
private let number: Value = ["anyOf": [["type": "number"], ["enum": ["NaN", "Infinity", "-Infinity"]]]]

private func list(_ items: Value) -> Value { ["type": "array", "items": items] }

private func object(_ properties: [String: Value], optional: Set<String> = []) -> Value {
  [
    "type": "object", "properties": .object(properties), "additionalProperties": false,
    "required": .array(properties.keys.filter { !optional.contains($0) }.sorted().map(Value.string)),
  ]
}

private func schema(_ title: String, _ properties: [String: Value]) -> Value {
  var result = object(properties)
  result["$schema"] = "https://json-schema.org/draft/2020-12/schema"
  result["title"] = .string(title)
  return result
}
