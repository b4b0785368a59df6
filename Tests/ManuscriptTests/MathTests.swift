// Serves the tests of parse: TeX formulas and the MathML they become.
import Testing

@testable import Manuscript

@Suite struct MathTests {
  @Test func fractionHasTwoParts() {
    #expect(renderMath("\\frac{a}{2}", isDisplay: false).mathML == "<math><mrow><mfrac><mi>a</mi><mn>2</mn></mfrac></mrow></math>")
  }
}
