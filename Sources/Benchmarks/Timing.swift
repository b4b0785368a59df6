// Serves `make bench`: processor time and memory of this process.
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Processor seconds of this thread.
func threadSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}

/// The largest resident size of this process so far, in megabytes.
func peakMegabytes() -> Double {
  var usage = rusage()
  getrusage(0, &usage)  // RUSAGE_SELF, which glibc types differently from its parameter
  return Double(usage.ru_maxrss) / 1024
}

/// Calls of `body` per processor second: the median of five windows of about `seconds` each, after a warm-up.
func callsPerSecond(_ seconds: Double, _ body: () -> Void) -> Double {
  body()
  var calls = 1
  while true {
    let start = threadSeconds()
    for _ in 0..<calls { body() }
    let spent = threadSeconds() - start
    if spent >= seconds / 4 {
      calls = max(1, Int(Double(calls) * seconds / spent))
      break
    }
    calls *= 2
  }
  let rates = (0..<5).map { _ in
    let start = threadSeconds()
    for _ in 0..<calls { body() }
    return Double(calls) / (threadSeconds() - start)
  }
  return rates.sorted()[2]
}

/// Processors that are online.
func processorCount() -> Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
