# Answers that must lose points, one block each: "# %% QUESTION: what is wrong with it". The tests of the assignments
# run every block in the solution's notebook; each hidden test must fail on at least one of them.
# ruff: noqa


# %% q1: branches in a plain list, with biases, and no map of its own beside them
class PyramidPooling(nn.Module):
    def __init__(self, in_channels, out_channels, bins=(1, 2, 3, 6)):
        super().__init__()
        inner = in_channels // len(bins)
        self.branches = [
            nn.Sequential(nn.AdaptiveAvgPool2d(b), nn.Conv2d(in_channels, inner, 1)) for b in bins
        ]
        self.fuse = nn.Conv2d(inner * len(bins), out_channels, 3, padding=1)

    def forward(self, x):
        pooled = [F.interpolate(b(x), size=x.shape[-2:], mode="bilinear") for b in self.branches]
        return self.fuse(torch.cat(pooled, dim=1))


# %% q1: pools locally, so that nobody hears of the far corner
class PyramidPooling(nn.Module):
    def __init__(self, in_channels, out_channels, bins=(1, 2, 3, 6)):
        super().__init__()
        inner = in_channels // len(bins)
        self.branches = nn.ModuleList(
            nn.Sequential(nn.Conv2d(in_channels, inner, 1, bias=False), nn.BatchNorm2d(inner), nn.ReLU())
            for _ in bins
        )
        self.fuse = nn.Sequential(
            nn.Conv2d(in_channels + inner * len(bins), out_channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
        )

    def forward(self, x):
        pooled = [branch(F.avg_pool2d(x, 3, 1, 1)) for branch in self.branches]
        return self.fuse(torch.cat([x, *pooled], dim=1))


# %% q1: upsamples by a fixed factor, and the branches without gradient
class PyramidPooling(nn.Module):
    def __init__(self, in_channels, out_channels, bins=(1, 2, 3, 6)):
        super().__init__()
        inner = in_channels // len(bins)
        self.bins = bins
        self.squeeze = nn.ModuleList(nn.Conv2d(in_channels, inner, 1, bias=False) for _ in bins)
        self.fuse = nn.Conv2d(in_channels + inner * len(bins), out_channels, 3, padding=1)

    def forward(self, x):
        with torch.no_grad():
            pooled = [
                F.interpolate(c(F.adaptive_avg_pool2d(x, b)), scale_factor=x.shape[-1] // b)
                for b, c in zip(self.bins, self.squeeze)
            ]
        return self.fuse(torch.cat([x, *pooled], dim=1))


# %% q2: one projection for all, 3 x 3 convolutions, and the size of the last map
class AllMLPHead(nn.Module):
    def __init__(self, in_channels, width, num_classes):
        super().__init__()
        self.project = nn.ModuleList(nn.Conv2d(c, width, 3, padding=1) for c in in_channels)
        self.classify = nn.Conv2d(width, num_classes, 1)

    def forward(self, maps):
        size = maps[-1].shape[-2:]
        wide = [F.interpolate(p(m), size=size, mode="bilinear") for p, m in zip(self.project, maps)]
        return self.classify(sum(wide))


# %% q2: only the first map is used
class AllMLPHead(nn.Module):
    def __init__(self, in_channels, width, num_classes):
        super().__init__()
        self.project = nn.Conv2d(in_channels[0], width, 1)
        self.classify = nn.Conv2d(width, num_classes, 1)

    def forward(self, maps):
        return self.classify(F.relu(self.project(maps[0])))


# %% q3: in training mode, from one output channel, looking at one input channel
def reach(module, size, place):
    x = torch.randn(1, 3, *size, requires_grad=True)
    module.train()
    module(x)[0, 0, place[0], place[1]].backward()
    return (x.grad[0, 0].abs() > 0).numpy()


# %% q3: the whole output instead of one place
def reach(module, size, place):
    x = torch.randn(1, 3, *size, requires_grad=True)
    module.eval()
    module(x).sum().backward()
    return (x.grad[0].abs().sum(0) > 0).numpy()


# %% q4: the target is made small, and nothing is ignored
def segmentation_loss(logits, target):
    small = F.interpolate(target[:, None].float(), size=logits.shape[-2:])[:, 0].long()
    return F.cross_entropy(logits, small.clamp(max=logits.shape[1] - 1))


# %% q4: the mean over all pixels, NaN where none is labeled
def segmentation_loss(logits, target):
    logits = F.interpolate(logits, size=target.shape[-2:], mode="bilinear", align_corners=False)
    return F.cross_entropy(logits, target.long(), ignore_index=255)


# %% q5: never sets the gradients to zero
def overfit(model, image, target, steps=30, lr=0.01):
    optimizer, losses = torch.optim.Adam(model.parameters(), lr=lr), []
    for _ in range(steps):
        loss = segmentation_loss(model(image), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% q5: never takes a step
def overfit(model, image, target, steps=30, lr=0.01):
    model.train()
    return [segmentation_loss(model(image), target).item() for _ in range(steps)]
