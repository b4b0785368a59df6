// swift-tools-version:6.2
import PackageDescription

// The typeface is embedded from the installed font, never copied into the repository.
let fontDirectory =
  Context.environment["OFFPRINT_FONTS"] ?? "/usr/share/fonts/truetype/open-sans"

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// One source, built once for each instruction-set level. The flags keep full speed in debug builds too.
func kernels(_ name: String, cpu: String?, define: String) -> Target {
  let level = cpu.map { ["-target-cpu", $0, "-Xcc", "-march=\($0)"] } ?? []
  return .target(
    name: name, dependencies: ["CProcessor", "KernelTable"],
    swiftSettings: [
      .unsafeFlags(["-Ounchecked"] + level), .define(define), .treatAllWarnings(as: .error),
    ])
}

#if arch(x86_64)
  let baseline = "EMULATED_FMA"
  let vectorLevels: [(name: String, cpu: String, define: String)] = [
    ("KernelsAVX2", "haswell", "AVX2"), ("KernelsAVX512", "skylake-avx512", "AVX512"),
  ]
#else
  let baseline = "NATIVE_FMA"
  let vectorLevels: [(name: String, cpu: String, define: String)] = []
#endif

func module(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: Bool = false) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: dependencies, exclude: resources ? ["Fixtures"] : [],
    swiftSettings: strict)
}

/// The fuzzer has no `main` of its own, so it exists only while somebody fuzzes: see CONTRIBUTING.md.
let isFuzzing = Context.environment["OFFPRINT_FUZZ"] != nil
let fuzzer: [Target] =
  isFuzzing
  ? [
    .executableTarget(
      name: "Fuzzer", dependencies: ["FuzzTargets"],
      swiftSettings: [.unsafeFlags(["-parse-as-library"])],
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])])
  ] : []

let package = Package(
  name: "offprint",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "offprint", targets: ["offprint-cli"]),
    .library(name: "Offprint", targets: ["Offprint"]),
  ],
  dependencies: [
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
  ],
  targets: [
    .systemLibrary(
      name: "CCmarkGFM", pkgConfig: "libcmark-gfm",
      providers: [
        .apt(["libcmark-gfm-dev", "libcmark-gfm-extensions-dev"]), .brew(["cmark-gfm"]),
      ]),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(
      name: "CCrypto", pkgConfig: "libcrypto",
      providers: [.apt(["libssl-dev"]), .brew(["openssl"])]),
    .target(name: "CPNG", linkerSettings: [.linkedLibrary("png")]),
    .target(
      name: "CFonts",
      cSettings: ["Regular", "Semibold", "Italic"].map {
        .define("OFFPRINT_FONT_\($0.uppercased())", to: "\"\(fontDirectory)/OpenSans-\($0).ttf\"")
      }),
    .target(name: "CProcessor"),
    module("KernelTable", []),
    module("KernelDigests", ["KernelTable"]),
    kernels("KernelsBaseline", cpu: nil, define: baseline),
  ] + vectorLevels.map { kernels($0.name, cpu: $0.cpu, define: $0.define) } + [
    module(
      "BitExact",
      ["CProcessor", "CCrypto", "KernelTable", "KernelsBaseline"]
        + vectorLevels.map { .target(name: $0.name) }),
    module("Diagnostics", []),
    module("Tables", []),
    module("Specification", ["Diagnostics", .product(name: "Yams", package: "Yams")]),
    module("Statistics", ["BitExact"]),
    module("Expressions", ["BitExact", "Diagnostics", "Tables", "Statistics"]),
    module(
      "Datasets", ["BitExact", "CZlib"], exclude: ["Digits/NOTICE.md", "Digits/make-digits.py"]),
    module("Training", ["BitExact"]),
    module("Measurements", ["BitExact", "Training"]),
    module(
      "Experiments",
      [
        "BitExact", "KernelTable", "Diagnostics", "Specification", "Tables", "Expressions", "Datasets",
        "Training", "Measurements",
      ]),
    module("RunStore", ["BitExact", "Specification"]),
    module("Execution", ["Datasets", "Experiments", "RunStore", "Specification", "Tables"]),
    module(
      "Manuscript", ["CCmarkGFM", "Diagnostics", "Specification"]),
    module("Plotting", ["CPNG", "CFonts", "Diagnostics", "Specification", "Tables"]),
    module("Report", ["Manuscript", "Diagnostics", "Specification"]),
    module(
      "Offprint",
      [
        "BitExact", "Diagnostics", "Specification", "Tables", "Statistics", "Expressions",
        "Datasets", "Training", "Experiments", "RunStore", "Execution", "Manuscript", "Plotting",
        "Report",
      ]),
    .executableTarget(
      name: "Benchmarks",
      dependencies: [
        "BitExact", "KernelTable", "KernelDigests", "Datasets", "Diagnostics", "Plotting", "RunStore",
        "Specification", "Tables", "Training",
      ],
      exclude: ["Peers"], swiftSettings: strict),
    .executableTarget(
      name: "Gallery",
      dependencies: ["BitExact", "Diagnostics", "Plotting", "RunStore", "Specification", "Tables"],
      swiftSettings: strict),
    module(
      "FuzzTargets",
      [
        "Datasets", "Diagnostics", "Experiments", "Expressions", "Manuscript", "Plotting", "RunStore",
        "Specification", "Tables", "Training",
      ]),
    .executableTarget(
      name: "offprint-cli",
      dependencies: [
        "Offprint", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    tests("Manuscript", ["Manuscript", "Diagnostics", "Specification"], resources: true),
    tests("Report", ["Report", "Manuscript", "Diagnostics", "Specification", "BitExact"], resources: true),
    tests("BitExact", ["BitExact", "KernelTable", "KernelDigests"], resources: true),
    tests("Training", ["Training", "BitExact", "KernelTable"], resources: true),
    tests("Measurements", ["Measurements", "Training", "BitExact", "KernelTable"]),
    tests("Experiments", ["Experiments", "Datasets", "Diagnostics", "Specification", "Tables", "Training"]),
    tests("RunStore", ["RunStore", "Specification"]),
    tests("Command", ["offprint-cli"]),
    tests("Architecture", []),
    tests("Fuzz", ["FuzzTargets"], resources: true),
    tests(
      "Offprint",
      [
        "Offprint", "Datasets", "Diagnostics", "Experiments", "Expressions", "Manuscript", "Report",
        "Specification", "Tables",
      ]),
    tests(
      "Plotting", ["BitExact", "Plotting", "Gallery", "CFonts", "Diagnostics", "Specification", "Tables"],
      resources: true),
    tests("Statistics", ["Statistics", "BitExact"], resources: true),
    tests("Expressions", ["Expressions", "Diagnostics", "Statistics", "Tables"]),
    tests("Datasets", ["Datasets", "BitExact", "CZlib"], resources: true),
  ] + fuzzer
)
