#!/usr/bin/env python3
"""Times PyTorch and JAX on the workloads of `make bench`, one thread each, and prints a JSON object a line.

usage: peers.py [--ours FILE | --bench PROGRAM] [WORKLOAD ...]
Peers that are not installed are left out. With --ours (the output of `make bench`) or --bench (our benchmark, run beside each
peer), a last line a workload gives the ratio of our figure to that of the faster peer, by processor time. A step is: fetch a
shuffled minibatch, forward, loss, backward, update.
"""
import argparse, gzip, json, os, statistics, subprocess, sys, time

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
import numpy as np

MLPS = {  # layer widths, batch, optimiser, momentum, batch normalisation
    "mlp": ([784, 300, 100, 10], 60, "sgd", 0.0, False),
    "mlp_adam": ([784, 300, 100, 10], 60, "adam", 0.0, False),
    "mlp_bn": ([784, 512, 512, 10], 128, "sgd", 0.9, True),
    "wide64": ([784, 64, 10], 100, "sgd", 0.0, False),
    "wide1024": ([784, 1024, 10], 100, "sgd", 0.0, False),
    "wide8192": ([784, 8192, 10], 100, "sgd", 0.0, False),
    "small1d": ([40, 100, 100, 10], 100, "sgd", 0.9, False),
}
NETS = {  # shape of an example, batch, optimiser, rate
    "conv1d": ((1, 40), 100, "sgd", 0.05),
    "lenet5": ((1, 28, 28), 64, "sgd", 0.05),
    "conv4": ((3, 32, 32), 60, "adam", 3e-4),
    "resnet20": ((3, 32, 32), 128, "sgd", 0.05),
}
CURVATURE = {"hvp_60": 60, "hvp_1000": 1000}
MATRICES = [(60, 300, 784, "NN"), (60, 100, 300, "NN"), (128, 512, 512, "NN"), (100, 8192, 784, "NN"), (512, 512, 512, "NN"),
    (1024, 1024, 1024, "NN"), (100, 100, 40, "NN"), (60, 10, 100, "NN"), (784, 300, 60, "TN"), (784, 8192, 100, "TN"),
    (512, 512, 128, "TN"), (100, 784, 8192, "NN")]
CONVOLUTIONS = [  # batch, side, channels in, channels out, kernel, signal
    (100, 20, 25, 25, 5, True), (64, 28, 1, 16, 5, False), (64, 14, 16, 32, 5, False), (16, 32, 3, 64, 3, False),
    (16, 32, 16, 16, 3, False), (16, 16, 32, 32, 3, False), (16, 8, 64, 64, 3, False), (16, 32, 64, 64, 3, False),
    (16, 16, 128, 128, 3, False)]
WORKLOADS = list(MLPS) + list(NETS) + list(CURVATURE) + ["logreg", "gemm", "conv"]


def examples(features):
    if features == 784:
        folder = "/usr/share/datasets/fashion-mnist/"
        images = gzip.open(folder + "train-images-idx3-ubyte.gz").read()
        labels = gzip.open(folder + "train-labels-idx1-ubyte.gz").read()
        x = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 784).astype(np.float32) / 255
        return x, np.frombuffer(labels, np.uint8, offset=8).astype(np.int64)
    rng = np.random.default_rng(0)
    return rng.normal(size=(4000, features)).astype(np.float32), rng.integers(0, 10, 4000)


def images(name):
    shape = NETS[name][0]
    x, y = examples(int(np.prod(shape)))
    return x.reshape(-1, *shape), y


def rate(step, steps_per_call, seconds=0.6):
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


def torch_net(name):
    import torch
    from torch import nn

    if name in MLPS:
        widths, _, _, _, norm = MLPS[name]
        layers = []
        for i, (a, b) in enumerate(zip(widths, widths[1:])):
            layers.append(nn.Linear(a, b))
            if i < len(widths) - 2:
                layers += ([nn.BatchNorm1d(b)] if norm else []) + [nn.ReLU()]
        return nn.Sequential(*layers)
    if name == "conv1d":
        convs = [m for a in (1, 25, 25) for m in (nn.Conv1d(a, 25, 5, 2, 2), nn.ReLU())]
        return nn.Sequential(*convs, nn.Flatten(), nn.Linear(125, 10))
    if name == "lenet5":
        return nn.Sequential(nn.Conv2d(1, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 5), nn.ReLU(),
            nn.MaxPool2d(2), nn.Flatten(), nn.Linear(512, 128), nn.ReLU(), nn.Linear(128, 10))
    if name == "conv4":
        layers = []
        for a, b, pools in [(3, 64, False), (64, 64, True), (64, 128, False), (128, 128, True)]:
            layers += [nn.Conv2d(a, b, 3, padding=1), nn.ReLU()] + ([nn.MaxPool2d(2)] if pools else [])
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(8192, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(),
            nn.Linear(256, 10))

    class Block(nn.Module):
        def __init__(self, a, b, stride):
            super().__init__()
            self.path = nn.Sequential(nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU(),
                nn.Conv2d(b, b, 3, 1, 1, bias=False), nn.BatchNorm2d(b))
            self.stride, self.added = stride, b - a

        def forward(self, x):
            short = x if self.added == 0 else nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, self.added))
            return torch.relu(self.path(x) + short)

    blocks, width = [], 16
    for stage in range(3):
        for i in range(3):
            stride = 2 if stage and not i else 1
            blocks.append(Block(width if not stage or i else width // 2, width, stride))
        width *= 2
    return nn.Sequential(nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), *blocks,
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def time_torch(name):
    """The faster of default and channels-last layout for convolutional nets; fused optimisers."""
    import torch

    torch.set_num_threads(1)
    peer = "torch " + torch.__version__
    if name in CURVATURE:
        return time_torch_curvature(CURVATURE[name]), peer
    if name == "logreg":
        return time_torch_logistic(), peer
    batch, optimizer, momentum = MLPS[name][1:4] if name in MLPS else (*NETS[name][1:3], 0.9)
    best = 0.0
    for channels_last in [False, True] if name in NETS and name != "conv1d" else [False]:
        x, y = (torch.from_numpy(v) for v in (images(name) if name in NETS else examples(MLPS[name][0][0])))
        net = torch_net(name)
        if channels_last:
            x, net = x.to(memory_format=torch.channels_last), net.to(memory_format=torch.channels_last)
        if optimizer == "adam":
            update = torch.optim.Adam(net.parameters(), 3e-4, fused=True)
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

        best = max(best, rate(step, 1))
    return best, peer


def time_torch_curvature(batch):
    """The largest Hessian eigenvalue of `mlp`: gradient and 20 power iterations by double backward."""
    import torch

    x, y = (torch.from_numpy(v[:batch]) for v in examples(784))
    net = torch_net("mlp")
    params = list(net.parameters())

    def step():
        loss = torch.nn.functional.cross_entropy(net(x), y)
        grads = torch.autograd.grad(loss, params, create_graph=True)
        v = [g.detach().clone() for g in grads]
        for _ in range(20):
            products = torch.autograd.grad(grads, params, v, retain_graph=True)
            norm = torch.sqrt(sum((p * p).sum() for p in products)) + 1e-30
            v = [p / norm for p in products]

    return rate(step, 1)


def time_torch_logistic():
    """Full-batch logistic loss of 200 points in two dimensions, double precision, gradient by hand."""
    import torch

    points = torch.randn(200, 2, dtype=torch.float64)
    w = torch.zeros(2, dtype=torch.float64)

    def step():
        w.add_(points.T @ torch.sigmoid(-(points @ w)), alpha=0.1 / 200)

    return rate(step, 1)


def time_torch_shapes(kind):
    """GFLOP/s of matrix products (MKL) and convolutions (oneDNN), the faster layout, by the names of `make bench`."""
    import torch

    torch.set_num_threads(1)
    if kind == "gemm":
        for m, n, k, form in MATRICES:
            a, b, out = torch.randn(m, k), torch.randn(k, n), torch.empty(m, n)
            if form == "TN":
                a = torch.randn(k, m).T
            yield f"gemm_{m}x{n}x{k}_{form}", 2e-9 * m * n * k * rate(lambda: torch.mm(a, b, out=out), 1, 0.1)
        return
    for batch, side, cin, cout, kernel, signal in CONVOLUTIONS:
        space = (side,) if signal else (side, side)
        name = f"conv_{batch}x{cin}x{side}{'' if signal else f'x{side}'}_{cout}_{kernel}"
        work = 2e-9 * batch * side ** len(space) * kernel ** len(space) * cin * cout
        best = {}
        for layout in [torch.contiguous_format] + ([] if signal else [torch.channels_last]):
            x = torch.randn(batch, cin, *space).to(memory_format=layout)
            w = torch.randn(cout, cin, *[kernel] * len(space)).to(memory_format=layout)
            g = torch.randn(batch, cout, *space).to(memory_format=layout)
            call = torch.ops.aten.convolution
            one, pad = [1] * len(space), [kernel // 2] * len(space)
            backward = lambda mask: torch.ops.aten.convolution_backward(
                g, x, w, None, one, pad, one, False, [0] * len(space), 1, mask)
            for part, body in [("forward", lambda: call(x, w, None, one, pad, one, False, [0] * len(space), 1)),
                ("weights", lambda: backward([False, True, False])), ("input", lambda: backward([True, False, False]))]:
                best[part] = max(best.get(part, 0), work * rate(body, 1, 0.1))
        for part, gflops in best.items():
            yield f"{name}_{part}", gflops


def time_numpy_gemm():
    """OpenBLAS, through NumPy."""
    for m, n, k, form in MATRICES:
        a = np.random.randn(m, k).astype(np.float32) if form == "NN" else np.random.randn(k, m).astype(np.float32).T
        b, out = np.random.randn(k, n).astype(np.float32), np.empty((m, n), np.float32)
        yield f"gemm_{m}x{n}x{k}_{form}", 2e-9 * m * n * k * rate(lambda: np.matmul(a, b, out=out), 1, 0.1)


def jax_net(name, rng):
    """Parameters and loss of a net; convolutions in NHWC."""
    import jax
    import jax.numpy as jnp
    from jax import lax

    def normal(*shape):
        return jnp.asarray(rng.normal(size=shape) / np.sqrt(np.prod(shape[:-1])), jnp.float32)

    def cross_entropy(logits, labels):
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], 1).mean()

    def normalised(x, p, axes):
        mean, variance = x.mean(axes), x.var(axes)
        return (x - mean) * lax.rsqrt(variance + 1e-5) * p["g"] + p["h"]

    def dense(widths, norm=False):
        return [{"w": normal(a, b), "b": jnp.zeros(b)} | ({"g": jnp.ones(b), "h": jnp.zeros(b)} if norm else {})
            for a, b in zip(widths, widths[1:])]

    def mlp(params, x, norm=False):
        for i, p in enumerate(params):
            x = x @ p["w"] + p["b"]
            if i < len(params) - 1:
                x = jax.nn.relu(normalised(x, p, 0) if norm else x)
        return x

    def conv(x, w, stride=1, padding="SAME"):
        form = ("NWC", "WIO", "NWC") if w.ndim == 3 else ("NHWC", "HWIO", "NHWC")
        return lax.conv_general_dilated(x, w, [stride] * (w.ndim - 2), padding, dimension_numbers=form)

    def pool(x):
        return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

    def stack(shapes, widths, apply):
        params = {"conv": [{"w": normal(*s), "b": jnp.zeros(s[-1])} for s in shapes], "dense": dense(widths)}
        return params, lambda p, x, y: cross_entropy(mlp(p["dense"], apply(p["conv"], jnp.moveaxis(x, 1, -1))), y)

    if name in MLPS:
        widths, norm = MLPS[name][0], MLPS[name][4]
        return dense(widths, norm), lambda p, x, y: cross_entropy(mlp(p, x, norm), y)
    if name == "conv1d":
        def signal(convs, x):
            for p in convs:
                x = jax.nn.relu(conv(x, p["w"], 2, [(2, 2)]) + p["b"])
            return x.reshape(len(x), -1)
        return stack([(5, 1, 25), (5, 25, 25), (5, 25, 25)], [125, 10], signal)
    if name == "lenet5":
        def lenet(convs, x):
            for p in convs:
                x = pool(jax.nn.relu(conv(x, p["w"], 1, "VALID") + p["b"]))
            return x.reshape(len(x), -1)
        return stack([(5, 5, 1, 16), (5, 5, 16, 32)], [512, 128, 10], lenet)
    if name == "conv4":
        def conv4(convs, x):
            for i, p in enumerate(convs):
                x = jax.nn.relu(conv(x, p["w"]) + p["b"])
                x = pool(x) if i % 2 else x
            return x.reshape(len(x), -1)
        return stack([(3, 3, 3, 64), (3, 3, 64, 64), (3, 3, 64, 128), (3, 3, 128, 128)], [8192, 256, 256, 10], conv4)

    def unit(a, b):
        return {"w": normal(3, 3, a, b), "g": jnp.ones(b), "h": jnp.zeros(b)}

    blocks = [(a, b) for stage in range(3) for a, b in
        [(16 << max(stage - 1, 0), 16 << stage)] + [(16 << stage, 16 << stage)] * 2]
    params = {"first": unit(3, 16), "blocks": [[unit(a, b), unit(b, b)] for a, b in blocks], "dense": dense([64, 10])}

    def resnet(p, x):
        def step(x, u, stride=1):
            return normalised(conv(x, u["w"], stride, [(1, 1), (1, 1)]), u, (0, 1, 2))

        x = jax.nn.relu(step(jnp.moveaxis(x, 1, -1), p["first"]))
        for (a, b), (u, v) in zip(blocks, p["blocks"]):
            stride = 2 if a != b else 1
            short = x if a == b else jnp.pad(x[:, ::2, ::2], ((0, 0), (0, 0), (0, 0), (0, b - a)))
            x = jax.nn.relu(step(jax.nn.relu(step(x, u, stride)), v) + short)
        return mlp(p["dense"], x.mean((1, 2)))

    return params, lambda p, x, y: cross_entropy(resnet(p, x), y)


def time_jax_other(name):
    """Power iterations by forward over reverse; logistic regression by hand, 1,000 steps a call."""
    import jax
    import jax.numpy as jnp
    from jax import lax

    if name == "logreg":
        jax.config.update("jax_enable_x64", True)
        points = jnp.asarray(np.random.default_rng(0).normal(size=(200, 2)))
        descend = lambda w, _: (w + 0.1 / 200 * (points.T @ jax.nn.sigmoid(-(points @ w))), None)
        many = jax.jit(lambda w: lax.scan(descend, w, None, length=1000)[0])
        result = rate(lambda: many(jnp.zeros(2)).block_until_ready(), 1000)
        jax.config.update("jax_enable_x64", False)
        return result
    x, y = (jnp.asarray(v[: CURVATURE[name]]) for v in examples(784))
    params, loss = jax_net("mlp", np.random.default_rng(0))
    tree, gradient = jax.tree_util.tree_map, jax.grad(lambda p: loss(p, x, y))

    def iterate(v, _):
        product = jax.jvp(gradient, (params,), (v,))[1]
        norm = jnp.sqrt(sum((p * p).sum() for p in jax.tree_util.tree_leaves(product))) + 1e-30
        return tree(lambda p: p / norm, product), norm

    whole = jax.jit(lambda p: lax.scan(iterate, gradient(p), None, length=20)[1])
    return rate(lambda: whole(params).block_until_ready(), 1)


def time_jax(name, steps_per_call=50):
    import jax
    import jax.numpy as jnp
    from jax import lax

    if name in CURVATURE or name == "logreg":
        return time_jax_other(name), "jax " + jax.__version__
    batch, optimizer, momentum = MLPS[name][1:4] if name in MLPS else (*NETS[name][1:3], 0.9)
    x, y = (jnp.asarray(v) for v in (images(name) if name in NETS else examples(MLPS[name][0][0])))
    rng = np.random.default_rng(0)
    params, loss = jax_net(name, rng)
    if name in NETS:
        steps_per_call = 1  # XLA has fast convolutions on processors only outside of loops

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

    if name in NETS:
        many = jax.jit(lambda state, rows: one(state, rows[0])[0], donate_argnums=0)
    else:
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


def best_of_shapes(kind):
    """GFLOP/s of every peer for every shape."""
    timers = [lambda: time_torch_shapes(kind)] + ([time_numpy_gemm] if kind == "gemm" else [])
    best = {}
    for timer, peer in zip(timers, ["torch", "numpy"]):
        try:
            for name, gflops in timer():
                print(json.dumps({"workload": name, "peer": peer, "threads": 1, "gflops": round(gflops, 1)}), flush=True)
                best[name] = max(best.get(name, 0), gflops)
        except ImportError as error:
            print(f"left out: {error}", file=sys.stderr)
    return best


def best_of_steps(name):
    """Steps a second of the faster peer."""
    best = 0.0
    for timer in (time_torch, time_jax):
        try:
            steps, peer = timer(name)
        except ImportError as error:
            print(f"left out: {error}", file=sys.stderr)
            continue
        best = max(best, steps)
        print(json.dumps({"workload": name, "peer": peer, "threads": 1, "steps_per_second": round(steps, 2)}), flush=True)
    return {name: best} if best else {}


def ours_of(arguments, name):
    """Our figures: from the file, or, with --bench, from a run of our own benchmark right now, which noise favours least."""
    if arguments.bench:
        lines = subprocess.run([arguments.bench, name], capture_output=True, text=True, check=True).stdout.splitlines()
    else:
        lines = open(arguments.ours).readlines() if arguments.ours else []
    records = [json.loads(line) for line in lines]
    return {r["workload"]: r.get("steps_per_second", r.get("gflops")) for r in records}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", help="the output of `make bench`")
    parser.add_argument("--bench", help="our benchmark, to be run beside each peer")
    parser.add_argument("workloads", nargs="*", default=WORKLOADS)
    arguments = parser.parse_args()
    for name in arguments.workloads:
        ours = ours_of(arguments, name)
        peers = best_of_shapes(name) if name in ("gemm", "conv") else best_of_steps(name)
        for workload, best in peers.items():
            if ours.get(workload):
                print(json.dumps({"workload": workload, "ours": ours[workload], "best_peer": round(best, 2),
                    "ratio": round(ours[workload] / best, 3)}), flush=True)


if __name__ == "__main__":
    main()
