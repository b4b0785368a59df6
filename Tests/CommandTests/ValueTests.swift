// Values in captions, headings and alternative texts, and what is said when they are wrong.
import Foundation
import Testing

@Suite(.serialized) struct ValueTests {
  @Test func valuesStandInCaptionsHeadingsAndAlternativeTexts() throws {
    let project = try Project()
    try project.edit(
      "# Widths {#sec-widths}", "# Widths up to `{val} max(exp-width.parameters, over: width)` {#sec-widths}")
    try project.edit(
      "fig-cap: Accuracy against width.",
      "fig-cap: Accuracy after `{val} exp-width[width=16].steps` steps.\nfig-alt: A line that ends after `{val} exp-width[width=16].steps` steps, `code` and a `mark."
    )
    let built = try project.run("build")
    #expect(built.status == 0, "\(built.errors)")
    let page = try project.read("output/small/index.html")
    #expect(page.contains("A line that ends after 60 steps, `code` and a `mark."))
    #expect(!page.contains("{val}"))
    try project.edit("exp-width[width=16].steps` steps, `code`", "exp-width[width=16].stepz` steps, `code`")
    let wrong = try project.run("check")
    #expect(wrong.status == 1 && wrong.errors.contains("did you mean 'steps'?"), "\(wrong.errors)")
  }
}
