// Serves parse: the TeX commands that stand for one symbol, and the alphabets of mathematics.

/// What a TeX command prints.
enum MathSymbol {
  /// A letter or another ordinary symbol; upright ones are not set in italics.
  case identifier(String, upright: Bool)
  /// An operator or a relation.
  case operation(String)
  /// A sum, a product or an integral.
  case large(String, limits: Bool)
  /// `log`, `max`: a name, with limits below it or not.
  case function(String, limits: Bool)
  /// A delimiter that does not grow by itself.
  case delimiter(String)
  /// Space, in ems.
  case space(String)
}

enum MathSymbols {
  static let commands: [String: MathSymbol] = {
    var all: [String: MathSymbol] = [:]
    func add(_ table: String, _ make: (String) -> MathSymbol) {
      for pair in table.split(whereSeparator: \.isWhitespace) {
        let parts = pair.split(separator: "=", maxSplits: 1)
        all[String(parts[0])] = make(String(parts[1]))
      }
    }
    add(italics) { .identifier($0, upright: false) }
    add(uprights) { .identifier($0, upright: true) }
    add(operations) { .operation($0) }
    add(delimiters) { .delimiter($0) }
    add(
      "sum=∑ prod=∏ coprod=∐ bigcup=⋃ bigcap=⋂ bigoplus=⨁ bigotimes=⨂ bigvee=⋁ bigwedge=⋀ bigodot=⨀ biguplus=⨄ bigsqcup=⨆"
    ) {
      .large($0, limits: true)
    }
    add("int=∫ iint=∬ iiint=∭ oint=∮ oiint=∯ idotsint=∫⋯∫ smallint=∫") { .large($0, limits: false) }
    for name in [
      "lim", "max", "min", "sup", "inf", "limsup", "liminf", "argmax", "argmin", "det", "gcd", "Pr", "injlim",
      "projlim", "varlimsup", "varliminf", "esssup",
    ] {
      all[name] = .function(spacedNames[name] ?? name, limits: true)
    }
    for name in [
      "log", "ln", "lg", "exp", "sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "coth",
      "arcsin",
      "arccos", "arctan", "arg", "deg", "dim", "hom", "ker", "arccot", "sgn", "tr", "diag", "rank", "Var",
      "Cov",
    ] {
      all[name] = .function(name, limits: name == "arg")
    }
    for (name, width) in [
      (",", "0.1667em"), (":", "0.2222em"), (">", "0.2222em"), (";", "0.2778em"), ("!", "-0.1667em"),
      (" ", "0.25em"),
      ("quad", "1em"), ("qquad", "2em"), ("enspace", "0.5em"), ("thinspace", "0.1667em"), ("enskip", "0.5em"),
      ("medspace", "0.2222em"), ("thickspace", "0.2778em"), ("negthinspace", "-0.1667em"),
      ("negmedspace", "-0.2222em"), ("negthickspace", "-0.2778em"), ("space", "0.25em"),
      ("nobreakspace", "0.25em"),
    ] {
      all[name] = .space(width)
    }
    return all
  }()

  /// The operators and relations that an author may also type as they are.
  static let operators: Set<Character> = Set(
    commands.values.compactMap { symbol in
      switch symbol {
      case .operation(let text), .large(let text, _): text.first
      default: nil
      }
    })

  private static let spacedNames = [
    "limsup": "lim\u{2009}sup", "liminf": "lim\u{2009}inf", "argmax": "arg\u{2009}max",
    "argmin": "arg\u{2009}min", "injlim": "inj\u{2009}lim", "projlim": "proj\u{2009}lim",
    "varlimsup": "lim\u{2009}sup", "varliminf": "lim\u{2009}inf", "esssup": "ess\u{2009}sup",
  ]

  private static let italics = """
    alpha=α beta=β gamma=γ delta=δ epsilon=ϵ varepsilon=ε zeta=ζ eta=η theta=θ vartheta=ϑ iota=ι kappa=κ lambda=λ
    mu=μ nu=ν xi=ξ omicron=ο pi=π varpi=ϖ rho=ρ varrho=ϱ sigma=σ varsigma=ς tau=τ upsilon=υ phi=ϕ varphi=φ chi=χ
    psi=ψ omega=ω ell=ℓ imath=ı jmath=ȷ digamma=ϝ varkappa=ϰ
    """
  private static let uprights = """
    Gamma=Γ Delta=Δ Theta=Θ Lambda=Λ Xi=Ξ Pi=Π Sigma=Σ Upsilon=Υ Phi=Φ Psi=Ψ Omega=Ω infty=∞ partial=∂ nabla=∇
    hbar=ℏ Re=ℜ Im=ℑ aleph=ℵ emptyset=∅ varnothing=∅ forall=∀ exists=∃ nexists=∄ top=⊤ bot=⊥ angle=∠ degree=°
    ldots=… dots=… dotsc=… cdots=⋯ dotsb=⋯ vdots=⋮ ddots=⋱ prime=′ wp=℘ square=□ Box=□ blacksquare=■ checkmark=✓
    dagger=† ddagger=‡ dag=† ddag=‡ triangle=△ complement=∁ eth=ð hslash=ℏ mho=℧ Finv=Ⅎ beth=ℶ gimel=ℷ daleth=ℸ
    blacktriangle=▲ blacklozenge=⧫ lozenge=◊ bigstar=★ diamondsuit=♢ heartsuit=♡ spadesuit=♠ clubsuit=♣ surd=√
    sharp=♯ flat=♭ natural=♮ measuredangle=∡ sphericalangle=∢ backprime=‵ dotsm=⋯ dotsi=⋯ dotso=… iddots=⋰ S=§ P=¶
    varGamma=Γ varDelta=Δ varTheta=Θ varLambda=Λ varSigma=Σ varPhi=Φ varPsi=Ψ varOmega=Ω pounds=£ copyright=© %=% $=$ #=# &=& _=_
    """
  private static let operations = """
    pm=± mp=∓ times=× div=÷ cdot=⋅ ast=∗ star=⋆ circ=∘ bullet=∙ oplus=⊕ ominus=⊖ otimes=⊗ oslash=⊘ odot=⊙ cap=∩
    cup=∪ sqcap=⊓ sqcup=⊔ vee=∨ lor=∨ wedge=∧ land=∧ setminus=∖ wr=≀ neg=¬ lnot=¬ le=≤ leq=≤ leqslant=⩽ ge=≥ geq=≥
    geqslant=⩾ ne=≠ neq=≠ ll=≪ gg=≫ equiv=≡ sim=∼ simeq=≃ approx=≈ cong=≅ propto=∝ doteq=≐ coloneqq=≔ prec=≺
    preceq=⪯ succ=≻ succeq=⪰ subset=⊂ subseteq=⊆ supset=⊃ supseteq=⊇ in=∈ ni=∋ notin=∉ perp=⟂ parallel=∥ mid=∣
    nmid=∤ vdash=⊢ models=⊨ lesssim=≲ gtrsim=≳ triangleq=≜ asymp=≍ to=→ rightarrow=→ leftarrow=← gets=←
    leftrightarrow=↔ Rightarrow=⇒ Leftarrow=⇐ Leftrightarrow=⇔ implies=⟹ iff=⟺ mapsto=↦ longrightarrow=⟶
    longleftarrow=⟵ longmapsto=⟼ uparrow=↑ downarrow=↓ Uparrow=⇑ Downarrow=⇓ hookrightarrow=↪ rightharpoonup=⇀
    nearrow=↗ searrow=↘ swarrow=↙ nwarrow=↖ rightsquigarrow=⇝ leadsto=⇝ hookleftarrow=↩ rightharpoondown=⇁
    leftharpoonup=↼ leftharpoondown=↽ rightleftharpoons=⇌ leftrightharpoons=⇋ rightleftarrows=⇄ leftrightarrows=⇆
    twoheadrightarrow=↠ twoheadleftarrow=↞ rightarrowtail=↣ leftarrowtail=↢ Longrightarrow=⟹ Longleftarrow=⟸
    Longleftrightarrow=⟺ longleftrightarrow=⟷ impliedby=⟸ updownarrow=↕ Updownarrow=⇕ nrightarrow=↛ nleftarrow=↚
    nRightarrow=⇏ nLeftarrow=⇍ Rrightarrow=⇛ circlearrowleft=↺ circlearrowright=↻ curvearrowright=↷ curvearrowleft=↶
    downdownarrows=⇊ rightrightarrows=⇉ leftleftarrows=⇇ multimap=⊸ dashrightarrow=⇢ dashleftarrow=⇠ colon=: lt=< gt=> because=∵ therefore=∴ upuparrows=⇈ nsubseteq=⊈ nsupseteq=⊉ subsetneq=⊊ supsetneq=⊋ sqsubset=⊏ sqsupset=⊐
    sqsubseteq=⊑ sqsupseteq=⊒ subseteqq=⫅ supseteqq=⫆ owns=∋ nprec=⊀ nsucc=⊁ precsim=≾ succsim=≿ preccurlyeq=≼
    succcurlyeq=≽ trianglelefteq=⊴ trianglerighteq=⊵ vartriangleleft=⊲ vartriangleright=⊳ lhd=⊲ rhd=⊳ unlhd=⊴ unrhd=⊵
    nless=≮ ngtr=≯ nleq=≰ ngeq=≱ lneq=⪇ gneq=⪈ leqq=≦ geqq=≧ lessgtr=≶ gtrless=≷ lll=⋘ ggg=⋙ lessapprox=⪅
    gtrapprox=⪆ approxeq=≊ backsim=∽ nsim=≁ ncong=≇ bumpeq=≏ Bumpeq=≎ doteqdot=≑ circeq=≗ eqcirc=≖ bowtie=⋈ Join=⋈
    smile=⌣ frown=⌢ between=≬ pitchfork=⋔ dashv=⊣ Vdash=⊩ vDash=⊨ nvdash=⊬ nvDash=⊭ nparallel=∦ shortmid=∣
    shortparallel=∥ eqqcolon=≕ coloneq=≔ eqcolon=≕ Coloneqq=⩴ uplus=⊎ amalg=⨿ dotplus=∔ ltimes=⋉ rtimes=⋊
    leftthreetimes=⋋ rightthreetimes=⋌ divideontimes=⋇ smallsetminus=∖ barwedge=⊼ veebar=⊻ curlyvee=⋎ curlywedge=⋏
    boxplus=⊞ boxminus=⊟ boxtimes=⊠ boxdot=⊡ circledast=⊛ circledcirc=⊚ circleddash=⊝ bigcirc=◯ diamond=⋄ Diamond=◇
    intercal=⊺ Cap=⋒ Cup=⋓ centerdot=⋅ bigtriangleup=△ bigtriangledown=▽ triangleleft=◁ triangleright=▷
    """
  static let delimiters = """
    {={ }=} lbrace={ rbrace=} lbrack=[ rbrack=] langle=⟨ rangle=⟩ lceil=⌈ rceil=⌉ lfloor=⌊ rfloor=⌋ |=‖ Vert=‖
    vert=| lvert=| rvert=| lVert=‖ rVert=‖ backslash=∖ ulcorner=⌜ urcorner=⌝ llcorner=⌞ lrcorner=⌟ lgroup=⟮ rgroup=⟯
    lmoustache=⎰ rmoustache=⎱ llbracket=⟦ rrbracket=⟧
    """

  /// The accents over or under one thing: the mark, whether it stretches, whether it is above.
  static let accents: [String: (mark: String, stretches: Bool, isAbove: Bool)] = [
    "hat": ("ˆ", false, true), "widehat": ("ˆ", true, true), "bar": ("¯", false, true),
    "tilde": ("˜", false, true),
    "widetilde": ("˜", true, true), "vec": ("\u{20D7}", false, true), "dot": ("˙", false, true),
    "ddot": ("¨", false, true),
    "check": ("ˇ", false, true), "breve": ("˘", false, true), "acute": ("´", false, true),
    "grave": ("`", false, true), "mathring": ("˚", false, true), "overline": ("―", true, true),
    "underline": ("―", true, false), "overbrace": ("⏞", true, true), "underbrace": ("⏟", true, false),
    "overrightarrow": ("→", true, true), "overleftarrow": ("←", true, true),
    "overleftrightarrow": ("↔", true, true), "underrightarrow": ("→", true, false),
    "underleftarrow": ("←", true, false), "underleftrightarrow": ("↔", true, false),
    "widecheck": ("ˇ", true, true),
    "dddot": ("\u{20DB}", false, true), "ddddot": ("\u{20DC}", false, true), "overparen": ("⏜", true, true),
    "underparen": ("⏝", true, false), "widebar": ("―", true, true),
  ]

  /// The relations that `\not` strikes through.
  static let negated: [String: String] = [
    "=": "≠", "<": "≮", ">": "≯", "∈": "∉", "≤": "≰", "≥": "≱", "⊂": "⊄", "⊆": "⊈", "≡": "≢", "∼": "≁",
    "≈": "≉",
    "∃": "∄", "→": "↛", "⇒": "⇏",
  ]
}

/// The TeX command that prints a character in a formula, without those that TeX lacks.
public func texCommand(for character: Character) -> String? { texCommands[character] }

private let texCommands: [Character: String] = {
  var names: [Character: String] = [:]
  // Of several commands for one character, the shortest and first by name.
  for (name, symbol) in MathSymbols.commands.sorted(by: { ($0.key.count, $0.key) < ($1.key.count, $1.key) }) {
    let text: String
    switch symbol {
    case .identifier(let letters, _), .operation(let letters), .large(let letters, _),
      .delimiter(let letters):
      text = letters
    case .function, .space: continue
    }
    if let character = text.first, text.count == 1, !character.isASCII, names[character] == nil {
      names[character] = "\\\(name)"
    }
  }
  return names
}()

/// One of mathematics' alphabets; Unicode has each as characters of its own.
enum MathAlphabet {
  case upright, italic, bold, boldItalic, script, doubleStruck, fraktur, sansSerif, monospace

  static let commands: [String: MathAlphabet] = [
    "mathrm": .upright, "rm": .upright, "mathbf": .bold, "boldsymbol": .boldItalic, "bm": .boldItalic,
    "mathcal": .script, "mathscr": .script, "mathbb": .doubleStruck, "mathds": .doubleStruck,
    "mathfrak": .fraktur,
    "mathsf": .sansSerif, "mathtt": .monospace, "mathit": .italic, "mathnormal": .italic,
    "mathbbm": .doubleStruck,
    "pmb": .boldItalic, "mathbfit": .boldItalic, "Bbb": .doubleStruck,
  ]

  /// The letter in this alphabet, or itself when the alphabet lacks it.
  func letter(_ character: Character) -> Character {
    if let special = specials[character] { return special }
    guard let scalar = character.unicodeScalars.first, character.unicodeScalars.count == 1 else {
      return character
    }
    let code = scalar.value
    guard let starts, let start = starts.start(for: code),
      let result = UnicodeScalar(start.first + code - start.base)
    else { return character }
    return Character(result)
  }

  /// Where Unicode's block for this alphabet starts (chapter 22.2 of the Unicode Standard).
  private struct Starts {
    var upper: UInt32
    var lower: UInt32
    var digit: UInt32?
    var greekUpper: UInt32?
    var greekLower: UInt32?

    func start(for code: UInt32) -> (first: UInt32, base: UInt32)? {
      switch code {
      case 65...90: (upper, 65)
      case 97...122: (lower, 97)
      case 48...57: digit.map { ($0, 48) }
      case 0x391...0x3A9: greekUpper.map { ($0, 0x391) }
      case 0x3B1...0x3C9: greekLower.map { ($0, 0x3B1) }
      default: nil
      }
    }
  }

  private var starts: Starts? {
    switch self {
    case .upright, .italic: nil
    case .bold:
      Starts(upper: 0x1D400, lower: 0x1D41A, digit: 0x1D7CE, greekUpper: 0x1D6A8, greekLower: 0x1D6C2)
    case .boldItalic:
      Starts(upper: 0x1D468, lower: 0x1D482, digit: 0x1D7CE, greekUpper: 0x1D71C, greekLower: 0x1D736)
    case .script: Starts(upper: 0x1D49C, lower: 0x1D4B6)
    case .doubleStruck: Starts(upper: 0x1D538, lower: 0x1D552, digit: 0x1D7D8)
    case .fraktur: Starts(upper: 0x1D504, lower: 0x1D51E)
    case .sansSerif: Starts(upper: 0x1D5A0, lower: 0x1D5BA, digit: 0x1D7E2)
    case .monospace: Starts(upper: 0x1D670, lower: 0x1D68A, digit: 0x1D7F6)
    }
  }

  /// The letters that Unicode had before it gave the alphabet its block.
  private var specials: [Character: Character] {
    switch self {
    case .script:
      [
        "B": "ℬ", "E": "ℰ", "F": "ℱ", "H": "ℋ", "I": "ℐ", "L": "ℒ", "M": "ℳ", "R": "ℛ", "e": "ℯ", "g": "ℊ",
        "o": "ℴ",
      ]
    case .doubleStruck: ["C": "ℂ", "H": "ℍ", "N": "ℕ", "P": "ℙ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ"]
    case .fraktur: ["C": "ℭ", "H": "ℌ", "I": "ℑ", "R": "ℜ", "Z": "ℨ"]
    default: [:]
    }
  }
}
