#!/usr/bin/env python3
"""Writes pytorch.json: small models with what PyTorch makes of them.

usage: make-pytorch.py > pytorch.json      (needs `pip install torch`, any version since 2.0)

For each model: examples, labels, initial parameters, outputs, the gradient of the mean loss over all examples, and the
parameters after 20 steps on batches of 8 in order. Parameters are in the engine's order and layout: dense weights
[in][out], convolutions [kernel row][kernel column][in][out], maps with channels last. Numbers have 9 digits, which
identify a single-precision number.
"""
import json, sys
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(1)
EXAMPLES, BATCH, STEPS, CLASSES = 24, 8, 20, 3


def last(x):  # channels last, then one vector
    return x.permute(0, *range(2, x.dim()), 1).flatten(1)


class Perceptron(nn.Module):
    def __init__(self, widths, act, norm=None, residual=False):
        super().__init__()
        self.act, self.residual = act, residual
        self.hidden = nn.ModuleList(
            nn.Linear(a, b, bias=norm is None) for a, b in zip(widths[:-2], widths[1:-1]))
        self.norms = nn.ModuleList(norm(w) for w in widths[1:-1]) if norm else None
        self.out = nn.Linear(widths[-2], widths[-1])

    def forward(self, x):
        for i, layer in enumerate(self.hidden):
            h = layer(x)
            if self.norms:
                h = self.norms[i](h)
            h = self.act(h)
            x = x + h if self.residual and x.shape == h.shape else h
        return self.out(x)


class Blocks(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.stem_norm = nn.Linear(6, 8, bias=False), nn.BatchNorm1d(8)
        self.a, self.na = nn.Linear(8, 8, bias=False), nn.BatchNorm1d(8)
        self.b, self.nb = nn.Linear(8, 8, bias=False), nn.BatchNorm1d(8)
        self.out = nn.Linear(8, 3)

    def forward(self, x):
        x = torch.tanh(self.stem_norm(self.stem(x)))
        x = torch.tanh(x + self.nb(self.b(torch.tanh(self.na(self.a(x))))))
        return self.out(x)


class Signals(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.ModuleList(
            [nn.Conv1d(1, 5, 5, 2, 1), nn.Conv1d(5, 6, 3, 2, 1), nn.Conv1d(6, 4, 3, 2, 1)])
        self.out = nn.Linear(12, 3)

    def forward(self, x):
        x = x.view(-1, 1, 20)
        for c in self.c:
            x = F.relu(c(x))
        return self.out(last(x))


class Images(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.ModuleList([nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 6, 3, padding=1)])
        self.hidden, self.out = nn.Linear(24, 7), nn.Linear(7, 3)

    def forward(self, x):
        x = x.view(-1, 1, 8, 8)
        for c in self.c:
            x = F.max_pool2d(F.relu(c(x)), 2)
        return self.out(F.relu(self.hidden(last(x))))


class ResNet8(nn.Module):
    def __init__(self, projects):
        super().__init__()
        self.projects = projects
        self.c, self.b = nn.Conv2d(3, 2, 3, padding=1, bias=False), nn.BatchNorm2d(2)
        self.blocks, channels = nn.ModuleList(), 2
        for stage in range(3):
            out, stride = 2 << stage, 2 if stage else 1
            parts = [
                nn.Conv2d(channels, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out),
                nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out)]
            if projects and stride > 1:
                parts += [nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out)]
            self.blocks.append(nn.ModuleList(parts))
            channels = out
        self.out = nn.Linear(8, 3)

    def forward(self, x):
        x = F.relu(self.b(self.c(x.view(-1, 3, 6, 6))))
        for p in self.blocks:
            h = p[3](p[2](F.relu(p[1](p[0](x)))))
            if len(p) > 4:
                x = p[5](p[4](x))
            elif h.shape != x.shape:
                extra = (h.shape[1] - x.shape[1]) // 2
                x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, extra, h.shape[1] - x.shape[1] - extra))
            x = F.relu(h + x)
        return self.out(x.mean((2, 3)))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.g = nn.GRU(1, 4, batch_first=True, bidirectional=True)
        self.out = nn.Linear(9 * 8, 3)

    def forward(self, x):
        return self.out(self.g(x.view(-1, 9, 1))[0].flatten(1))


def flat(tensor, module, name):
    """One parameter in the engine's layout."""
    if isinstance(module, nn.GRU):
        return tensor.t().flatten() if tensor.dim() == 2 else tensor
    if isinstance(module, nn.Linear) and name == "weight":
        return tensor.t().flatten()
    if tensor.dim() == 4:
        return tensor.permute(2, 3, 1, 0).flatten()
    if tensor.dim() == 3:
        return tensor.permute(2, 1, 0).flatten()
    return tensor


def parameters(model, of=lambda p: p):
    """All parameters in the engine's order: weights and norms as they follow one another."""
    modules = [m for m in model.modules() if list(m.parameters(recurse=False))]
    if isinstance(model, Perceptron) and model.norms:
        modules = [m for pair in zip(model.hidden, model.norms) for m in pair] + [model.out]
    values = []
    for m in modules:
        names = [n for n, _ in m.named_parameters(recurse=False)]
        if isinstance(m, nn.GRU):  # input, its bias, state, its bias, of each direction
            order = ["weight_ih", "bias_ih", "weight_hh", "bias_hh"]
            names = [f"{n}_l0{d}" for d in ("", "_reverse") for n in order]
        for n in names:
            values.append(flat(of(getattr(m, n)), m, n).reshape(-1))
    return torch.cat(values)


def rounded(tensor):
    return [float(f"{v:.9g}") for v in tensor.detach().flatten().tolist()]


def squared(outputs, labels):
    return 0.5 * ((outputs - F.one_hot(labels, CLASSES)) ** 2).sum(1).mean()


def norm_layer(width):
    return nn.LayerNorm(width)


sgd = lambda **k: (lambda p: torch.optim.SGD(p, **k))
MODELS = {
    "relu": (lambda: Perceptron([6, 9, 5, 3], F.relu), 6, sgd(lr=0.1, momentum=0.9, weight_decay=0.01), F.cross_entropy, 0),
    "nesterov": (lambda: Perceptron([6, 9, 3], torch.tanh), 6, sgd(lr=0.1, momentum=0.9, nesterov=True), F.cross_entropy, 0),
    "mse": (lambda: Perceptron([6, 17, 3], torch.sigmoid), 6, lambda p: torch.optim.Adam(p, lr=0.01), squared, 0),
    "adamw": (lambda: Perceptron([6, 9, 3], F.leaky_relu), 6, lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1), F.cross_entropy, 0),
    "batch-norm": (lambda: Perceptron([6, 9, 8, 3], torch.tanh, nn.BatchNorm1d), 6, sgd(lr=0.05, momentum=0.9), F.cross_entropy, 0),
    "layer-norm": (lambda: Perceptron([6, 9, 8, 3], F.relu, norm_layer), 6, lambda p: torch.optim.Adam(p, lr=0.01, weight_decay=0.01), F.cross_entropy, 0),
    "group-norm": (lambda: Perceptron([6, 12, 8, 3], torch.tanh, lambda w: nn.GroupNorm(2, w)), 6, sgd(lr=0.1), F.cross_entropy, 0),
    "residual": (lambda: Perceptron([6, 10, 10, 3], F.relu, residual=True), 6, lambda p: torch.optim.Adam(p, lr=0.01), F.cross_entropy, 0),
    "blocks": (Blocks, 6, sgd(lr=0.05, momentum=0.9), F.cross_entropy, 0),
    "conv1d": (Signals, 20, lambda p: torch.optim.Adam(p, lr=0.01), F.cross_entropy, 0),
    "conv2d": (Images, 64, sgd(lr=0.05, momentum=0.9), F.cross_entropy, 0),
    "resnet": (lambda: ResNet8(False), 108, sgd(lr=0.05, momentum=0.9), F.cross_entropy, 0),
    "resnet-projection": (lambda: ResNet8(True), 108, sgd(lr=0.05), F.cross_entropy, 0),
    "gru": (Recurrent, 9, lambda p: torch.optim.Adam(p, lr=0.01), F.cross_entropy, 0),
    "sam": (lambda: Perceptron([6, 9, 3], torch.tanh), 6, sgd(lr=0.1), F.cross_entropy, 0.1),
}


def train(model, optimizer, loss, x, y, rho):
    parameters = list(model.parameters())
    for step in range(STEPS):
        rows = [(step * BATCH + i) % EXAMPLES for i in range(BATCH)]
        optimizer.zero_grad()
        loss(model(x[rows]), y[rows]).backward()
        if rho:
            with torch.no_grad():
                norm = torch.sqrt(sum((p.grad**2).sum() for p in parameters))
                moves = [rho * p.grad / norm for p in parameters]
                for p, e in zip(parameters, moves):
                    p += e
            optimizer.zero_grad()
            loss(model(x[rows]), y[rows]).backward()
            with torch.no_grad():
                for p, e in zip(parameters, moves):
                    p -= e
        optimizer.step()


result = {}
for name, (make, features, optimizer, loss, rho) in MODELS.items():
    torch.manual_seed(len(result))
    model = make()
    with torch.no_grad():  # away from the special values of a fresh normalisation
        for m in model.modules():
            if isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm)):
                m.weight += 0.2 * torch.randn_like(m.weight)
                m.bias += 0.2 * torch.randn_like(m.bias)
    x, y = torch.randn(EXAMPLES, features).mul(1000).round().div(1000), torch.randint(0, CLASSES, (EXAMPLES,))
    entry = {"examples": rounded(x), "labels": y.tolist(), "parameters": rounded(parameters(model))}
    buffers = {k: v.clone() for k, v in model.state_dict().items()}
    outputs = model(x)
    value = loss(outputs, y)
    value.backward()
    entry |= {"outputs": rounded(outputs), "loss": float(value.detach()), "gradient": rounded(parameters(model, lambda p: p.grad))}
    model.load_state_dict(buffers)
    train(model, optimizer(model.parameters()), loss, x, y, rho)
    entry["trained"] = rounded(parameters(model))
    model.eval()
    entry["trained_outputs"] = rounded(model(x))
    result[name] = entry
json.dump(result, sys.stdout, separators=(",", ":"))
print()
