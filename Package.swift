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
func kernels(_ name: String, cpu: String?) -> Target {
  let level = cpu.map { ["-target-cpu", $0, "-Xcc", "-march=\($0)"] } ?? []
  return .target(
    name: name, dependencies: ["CProcessor"],
    swiftSettings: [.unsafeFlags(["-Ounchecked", "-wmo"] + level), .treatAllWarnings(as: .error)])
}

#if arch(x86_64)
  let vectorLevels: [(name: String, cpu: String)] = [
    ("KernelsAVX2", "haswell"), ("KernelsAVX512", "skylake-avx512"),
  ]
#else
  let vectorLevels: [(name: String, cpu: String)] = []
#endif

func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: Bool = false) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: dependencies, exclude: resources ? ["Fixtures"] : [],
    swiftSettings: strict)
}

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
    kernels("KernelsBaseline", cpu: nil),
  ] + vectorLevels.map { kernels($0.name, cpu: $0.cpu) } + [
    module(
      "BitExact",
      ["CProcessor", "CCrypto", "KernelsBaseline"]
        + vectorLevels.map { .target(name: $0.name) }),
    module("Diagnostics", []),
    module("Tables", []),
    module("Specification", ["Diagnostics", .product(name: "Yams", package: "Yams")]),
    module("Statistics", ["BitExact"]),
    module("Expressions", ["Diagnostics", "Tables", "Statistics"]),
    module("Datasets", ["BitExact", "CZlib"]),
    module("Training", ["BitExact"]),
    module("Measurements", ["BitExact", "Training", "Datasets"]),
    module(
      "Experiments",
      [
        "BitExact", "Diagnostics", "Specification", "Tables", "Datasets", "Training",
        "Measurements", "Statistics",
      ]),
    module("RunStore", ["BitExact", "Specification"]),
    module("Execution", ["Experiments", "RunStore", "Specification", "Diagnostics"]),
    module(
      "Manuscript", ["CCmarkGFM", "Diagnostics", "Specification", "Tables"]),
    module("Plotting", ["CPNG", "CFonts", "Diagnostics", "Specification", "Tables"]),
    module(
      "Report",
      ["Manuscript", "Plotting", "Statistics", "Diagnostics", "Specification", "Tables"]),
    module(
      "Offprint",
      [
        "BitExact", "Diagnostics", "Specification", "Tables", "Statistics", "Expressions",
        "Datasets", "Training", "Experiments", "RunStore", "Execution", "Manuscript", "Plotting",
        "Report",
      ]),
    .executableTarget(
      name: "offprint-cli",
      dependencies: [
        "Offprint", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    tests("Plotting", ["Plotting", "CFonts", "Diagnostics", "Specification", "Tables"]),
  ]
)
