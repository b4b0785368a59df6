// Serves write: results.json and claims.json, the report's content for programs.
import Manuscript
import Specification

/// The content of claims.json: every claim with its verdict, in order.
public func claimsExport(_ paper: ResolvedPaper) -> Value {
  let renderer = PageRenderer(paper)
  let claims = paper.manuscript.blocks(.claim).map { block -> Value in
    let claim = paper.claims[block.id]
    var members: [String: Value] = [
      "id": .string(block.id), "says": .string(renderer.plainText(block.caption)),
      "verdict": .string((claim?.verdict ?? .notJudged).rawValue),
    ]
    if let claim {
      members["assertion"] = .string(claim.assertion)
      members["experiments"] = .array(claim.experiments.map(Value.string))
      if let difference = claim.difference { members["difference"] = .finite(difference) }
      if let interval = claim.interval {
        members["interval"] = .array([.finite(interval.lowerBound), .finite(interval.upperBound)])
      }
      if let seeds = claim.seeds { members["seeds"] = .number(Double(seeds)) }
      if let p = claim.adjustedP { members["adjusted_p"] = .finite(p) }
      if let verdict = claim.overPaper { members["verdict_over_paper"] = .string(verdict.rawValue) }
      if !claim.note.isEmpty { members["note"] = .string(claim.note) }
      if let published = claim.published { members["published"] = .string(published.published) }
    }
    return .object(members)
  }
  return .object([
    "paper": .string(paper.manuscript.configuration.title), "profile": .string(paper.profile.name),
    "numeric_version": .string(paper.engine.numericVersion), "claims": .array(claims),
  ])
}

/// The content of results.json: every number in the text and every run, in order.
public func resultsExport(_ paper: ResolvedPaper) -> Value {
  let values = paper.manuscript.values.compactMap { reference -> Value? in
    guard let value = paper.values[reference.index] else { return nil }
    return .object([
      "expression": .string(reference.expression), "text": .string(value.text), "kind": .string(value.title),
      "experiments": .array(value.experiments.map(Value.string)),
      "samples": .array(value.samples.map(Value.string)),
    ])
  }
  let experiments = paper.manuscript.experimentsInOrder.compactMap { block -> (String, Value)? in
    paper.experiments[block.id].map { (block.id, export($0)) }
  }
  return .object([
    "paper": .string(paper.manuscript.configuration.title), "profile": .string(paper.profile.name),
    "engine": .string(paper.engine.name), "numeric_version": .string(paper.engine.numericVersion),
    "values": .array(values), "experiments": .object(Dictionary(experiments) { first, _ in first }),
  ])
}

private func export(_ experiment: ResolvedExperiment) -> Value {
  let runs = experiment.runs.map { run -> Value in
    var members: [String: Value] = ["key": .string(run.key), "label": .string(run.label)]
    if let result = run.result { members["result"] = .string(result) }
    if let failure = run.failure { members["failure"] = .string(failure) }
    return .object(members)
  }
  return .object([
    "data": .string(experiment.dataName), "data_digest": .string(experiment.dataDigest),
    "seeds": .number(Double(experiment.seeds)), "command": .string(experiment.command), "runs": .array(runs),
    "files": .array(experiment.files.map { .string($0.path) }),
    "parameters": .object(
      Dictionary(experiment.parameters.map { ($0.name, Value.string($0.value)) }) { first, _ in first }),
  ])
}
