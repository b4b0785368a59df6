// Serves every measurement: a second network to measure on, so that the trained one keeps its state.
public import Training

extension Network {
  /// A network of the same kind with the same parameters and running statistics, for passes of `capacity` rows.
  public func twin(capacity: Int) throws(ModelError) -> Network {
    let twin = try Network(
      options, input: input, classes: classes, capacity: capacity, loss: loss, kernels: kernels)
    twin.adopt(self)
    return twin
  }

  /// Takes over parameters, running statistics and augmentation of a network of the same kind.
  public func adopt(_ other: Network) {
    parameters.copy(from: other.parameters)
    for (own, copied) in zip(runningStatistics, other.runningStatistics) { own.copy(from: copied) }
    augmentation = other.augmentation
  }
}
