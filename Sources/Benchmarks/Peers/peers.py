#!/usr/bin/env python3
"""Times PyTorch and JAX on the workloads of `make bench`, one thread each, and prints a JSON object a line.

usage: peers.py [--ours FILE] [WORKLOAD ...]
Peers that are not installed are left out. With --ours (the output of `make bench`), a last line a workload gives the ratio
of our steps per second to those of the faster peer. A step is: fetch a shuffled minibatch, forward, loss, backward, update.
"""
import argparse, gzip, json, os, statistics, sys, time

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
import numpy as np

WORKLOADS = {  # layer widths, batch, optimiser, momentum, batch normalisation
    "mlp": ([784, 300, 100, 10], 60, "sgd", 0.0, False),
    "mlp_adam": ([784, 300, 100, 10], 60, "adam", 0.0, False),
    "mlp_bn": ([784, 512, 512, 10], 128, "sgd", 0.9, True),
    "wide64": ([784, 64, 10], 100, "sgd", 0.0, False),
    "wide1024": ([784, 1024, 10], 100, "sgd", 0.0, False),
    "wide8192": ([784, 8192, 10], 100, "sgd", 0.0, False),
    "small1d": ([40, 100, 100, 10], 100, "sgd", 0.9, False),
}


def examples(features):
    if features == 784:
        folder = "/usr/share/datasets/fashion-mnist/"
        images = gzip.open(folder + "train-images-idx3-ubyte.gz").read()
        labels = gzip.open(folder + "train-labels-idx1-ubyte.gz").read()
        x = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 784).astype(np.float32) / 255
        return x, np.frombuffer(labels, np.uint8, offset=8).astype(np.int64)
    rng = np.random.default_rng(0)
    return rng.normal(size=(4000, features)).astype(np.float32), rng.integers(0, 10, 4000)


def rate(step, steps_per_call, seconds=1.5):
    """Median steps per CPU second over five windows."""
    for _ in range(3):
        step()
    rates = []
    for _ in range(5):
        start, calls = time.process_time(), 0
        while time.process_time() - start < seconds:
            step()
            calls += 1
        rates.append(calls * steps_per_call / (time.process_time() - start))
    return statistics.median(rates)


def time_torch(name):
    import torch

    torch.set_num_threads(1)
    widths, batch, optimizer, momentum, norm = WORKLOADS[name]
    x, y = (torch.from_numpy(v) for v in examples(widths[0]))
    layers = []
    for i, (a, b) in enumerate(zip(widths, widths[1:])):
        layers.append(torch.nn.Linear(a, b))
        if i < len(widths) - 2:
            layers += ([torch.nn.BatchNorm1d(b)] if norm else []) + [torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers)
    if optimizer == "adam":
        update = torch.optim.Adam(net.parameters(), 1.2e-3, fused=True)
    else:
        update = torch.optim.SGD(net.parameters(), 0.05, momentum=momentum, fused=True)
    state = {"order": torch.randperm(len(x)), "at": 0}

    def step():
        if state["at"] + batch > len(x):
            state.update(order=torch.randperm(len(x)), at=0)
        rows = state["order"][state["at"] : state["at"] + batch]
        state["at"] += batch
        update.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
        update.step()

    return rate(step, 1), "torch " + torch.__version__


def time_jax(name, steps_per_call=50):
    import jax
    import jax.numpy as jnp
    from jax import lax

    widths, batch, optimizer, momentum, norm = WORKLOADS[name]
    x, y = (jnp.asarray(v) for v in examples(widths[0]))
    rng = np.random.default_rng(0)
    params = []
    for a, b in zip(widths, widths[1:]):
        p = {"w": jnp.asarray(rng.normal(size=(a, b)) / np.sqrt(a), jnp.float32), "b": jnp.zeros(b)}
        if norm:
            p.update(g=jnp.ones(b), h=jnp.zeros(b))
        params.append(p)

    def loss(params, xb, yb):
        for i, p in enumerate(params):
            xb = xb @ p["w"] + p["b"]
            if i < len(params) - 1:
                if norm:
                    m, v = xb.mean(0), xb.var(0)
                    xb = (xb - m) * lax.rsqrt(v + 1e-5) * p["g"] + p["h"]
                xb = jax.nn.relu(xb)
        return -jnp.take_along_axis(jax.nn.log_softmax(xb), yb[:, None], 1).mean()

    tree = jax.tree_util.tree_map

    def one(state, rows):
        params, m, v, t = state
        grads = jax.grad(loss)(params, x[rows], y[rows])
        if optimizer == "adam":
            t = t + 1
            m = tree(lambda a, g: 0.9 * a + 0.1 * g, m, grads)
            v = tree(lambda a, g: 0.999 * a + 0.001 * g * g, v, grads)
            c1, c2 = 1 - 0.9**t, 1 - 0.999**t
            params = tree(lambda p, a, b: p - 1.2e-3 * (a / c1) / (jnp.sqrt(b / c2) + 1e-8), params, m, v)
        elif momentum:
            m = tree(lambda a, g: momentum * a + g, m, grads)
            params = tree(lambda p, a: p - 0.05 * a, params, m)
        else:
            params = tree(lambda p, g: p - 0.05 * g, params, grads)
        return (params, m, v, t), None

    many = jax.jit(lambda state, rows: lax.scan(one, state, rows)[0], donate_argnums=0)
    zeros = tree(jnp.zeros_like, params)
    holder = [(params, zeros, tree(jnp.zeros_like, params), jnp.float32(0))]

    def step():
        rows = rng.permutation(len(x))[: steps_per_call * batch]
        if len(rows) < steps_per_call * batch:
            rows = np.resize(rows, steps_per_call * batch)
        holder[0] = many(holder[0], jnp.asarray(rows.reshape(steps_per_call, batch)))
        jax.block_until_ready(holder[0])

    return rate(step, steps_per_call), "jax " + jax.__version__


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours")
    parser.add_argument("workloads", nargs="*", default=list(WORKLOADS))
    arguments = parser.parse_args()
    ours = {}
    if arguments.ours:
        for line in open(arguments.ours):
            record = json.loads(line)
            ours[record["workload"]] = record.get("steps_per_second")
    for name in arguments.workloads:
        best = 0.0
        for timer in (time_torch, time_jax):
            try:
                steps, peer = timer(name)
            except ImportError as error:
                print(f"left out: {error}", file=sys.stderr)
                continue
            best = max(best, steps)
            print(json.dumps({"workload": name, "peer": peer, "threads": 1, "steps_per_second": round(steps, 1)}), flush=True)
        if best and ours.get(name):
            print(json.dumps({"workload": name, "ratio": round(ours[name] / best, 3)}), flush=True)


if __name__ == "__main__":
    main()
