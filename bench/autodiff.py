"""PyTorch eager at the work of autodiff.bench.ts: one training step per line read, its milliseconds per line written.

usage: autodiff.py NETWORK ADAPTER BATCH CROP DEVICE. Weights are random: times do not depend on them.
"""
import resource
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(2)
torch.manual_seed(0)


class Lora(nn.Module):
    """A frozen convolution and a path of rank 8 beside it."""

    def __init__(self, conv, rank=8):
        super().__init__()
        self.conv = conv
        self.down = nn.Conv2d(conv.in_channels, rank, conv.kernel_size, conv.stride, conv.padding, bias=False)
        self.up = nn.Conv2d(rank, conv.out_channels, 1, bias=False)

    def forward(self, x):
        return self.conv(x) + self.up(self.down(x))


def conv(i, o):
    return nn.Conv2d(i, o, 3, 1, 1)


class Compact(nn.Module):
    """SRVGGNetCompact, as in realesr-general-x4v3."""

    def __init__(self):
        super().__init__()
        self.body = nn.ModuleList([conv(3, 64), nn.PReLU(64)])
        for _ in range(32):
            self.body += [conv(64, 64), nn.PReLU(64)]
        self.body.append(conv(64, 48))

    def forward(self, x):
        y = x
        for layer in self.body:
            y = layer(y)
        return F.pixel_shuffle(y, 4) + F.interpolate(x, scale_factor=4, mode='nearest')


class Dense(nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList([conv(64 + 32 * i, 32 if i < 4 else 64) for i in range(5)])

    def forward(self, x):
        parts = [x]
        for layer in self.convs[:4]:
            parts.append(F.leaky_relu(layer(torch.cat(parts, 1)), 0.2))
        return self.convs[4](torch.cat(parts, 1)) * 0.2 + x


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleList([Dense() for _ in range(3)])

    def forward(self, x):
        y = x
        for part in self.parts:
            y = part(y)
        return y * 0.2 + x


class Rrdb(nn.Module):
    """RRDBNet of 23 blocks, as in realesrgan-x4plus."""

    def __init__(self):
        super().__init__()
        self.first, self.body, self.up1, self.up2, self.hr = (conv(3, 64), conv(64, 64), conv(64, 64), conv(64, 64), conv(64, 64))
        self.last = conv(64, 3)
        self.blocks = nn.ModuleList([Block() for _ in range(23)])

    def forward(self, x):
        start = self.first(x)
        y = start
        for block in self.blocks:
            y = block(y)
        y = start + self.body(y)
        for up in (self.up1, self.up2):
            y = F.leaky_relu(up(F.interpolate(y, scale_factor=2, mode='nearest')), 0.2)
        return self.last(F.leaky_relu(self.hr(y), 0.2))


class Transformer(nn.Module):
    """ViT-S/14: 12 blocks, 384 wide, 6 heads."""

    class Layer(nn.Module):
        def __init__(self, d=384):
            super().__init__()
            self.n1, self.n2 = nn.LayerNorm(d), nn.LayerNorm(d)
            self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
            self.up, self.down = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)

        def forward(self, x):
            n, t, d = x.shape
            q, k, v = self.qkv(self.n1(x)).reshape(n, t, 3, 6, d // 6).permute(2, 0, 3, 1, 4)
            a = torch.softmax(q @ k.transpose(-1, -2) * (d // 6) ** -0.5, -1)
            x = x + self.out((a @ v).transpose(1, 2).reshape(n, t, d))
            return x + self.down(F.gelu(self.up(self.n2(x))))

    def __init__(self, d=384, tokens=257):
        super().__init__()
        self.patch = nn.Conv2d(3, d, 14, 14)
        self.cls = nn.Parameter(torch.randn(1, 1, d))
        self.position = nn.Parameter(torch.randn(1, tokens, d))
        self.layers = nn.ModuleList([Transformer.Layer(d) for _ in range(12)])
        self.norm = nn.LayerNorm(d)

    def forward(self, x):
        y = self.patch(x).flatten(2).transpose(1, 2)
        y = torch.cat([self.cls.expand(len(y), -1, -1), y], 1) + self.position
        for layer in self.layers:
            y = layer(y)
        return self.norm(y)


def with_lora(module):
    for name, child in module.named_children():
        if isinstance(child, nn.Conv2d):
            setattr(module, name, Lora(child))
        else:
            with_lora(child)


def work(network, adapter, batch, crop, device):
    if network == 'vit-s':
        net = Transformer().requires_grad_(False).to(device)
        image = torch.rand(batch, 3, crop, crop, device=device, requires_grad=True)

        def step():
            image.grad = None
            loss = net(image).square().mean()
            loss.backward()
            return loss

        return step
    net = {'realesr-general-x4v3': Compact, 'realesrgan-x4plus': Rrdb}[network]()
    if adapter == 'lora':
        net.requires_grad_(False)
        with_lora(net)
    net.to(device)
    lr = torch.rand(batch, 3, crop, crop, device=device)
    gt = torch.rand(batch, 3, 4 * crop, 4 * crop, device=device)
    optimiser = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], 1e-4)

    def step():
        optimiser.zero_grad(set_to_none=True)
        loss = F.l1_loss(net(lr), gt)
        loss.backward()
        optimiser.step()
        return loss

    return step


step = work(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
print('ready', flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    # Reading the loss waits for the forward pass; a GPU is waited for as a whole.
    step().item()
    if sys.argv[5] == 'cuda':
        torch.cuda.synchronize()
    milliseconds = 1000 * (time.perf_counter() - start)
    print(milliseconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)
