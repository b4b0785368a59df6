import Offprint
temporaryRun("papers/four-open-questions", profile: CommandLine.arguments.count > 2 ? CommandLine.arguments[2] : "smoke", arguments: Array(CommandLine.arguments.dropFirst()))
