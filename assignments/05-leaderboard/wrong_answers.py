# Answers that must lose points, one block each: "# %% QUESTION: what is wrong with it". The tests of the assignments
# run every block in the solution's notebook; each hidden test must fail on at least one of them.
# ruff: noqa


# %% q1: forgets the regime
def comparable(first, second):
    return [p for p in ("ss", "ms") if pd.notna(first[f"miou_{p}"]) and pd.notna(second[f"miou_{p}"])]


# %% q1: one score each is enough
def comparable(first, second):
    if first["regime"] != second["regime"]:
        return []
    return [p for p in ("ss", "ms") if pd.notna(first[f"miou_{p}"]) or pd.notna(second[f"miou_{p}"])]


# %% q1: counts scores of unstated protocols
def comparable(first, second):
    if first["regime"] != second["regime"]:
        return []
    words = ("ss", "ms", "unstated")
    return [p for p in words if pd.notna(first[f"miou_{p}"]) and pd.notna(second[f"miou_{p}"])]


# %% q2: against the multi-scale score
def reversals(board):
    rows = board.dropna(subset=["brief_miou", "miou_ms"])
    return {
        (a.key, b.key)
        for a in rows.itertuples()
        for b in rows.itertuples()
        if a.regime == b.regime and a.brief_miou > b.brief_miou and a.miou_ms < b.miou_ms
    }


# %% q2: equal values turn around, too
def reversals(board):
    rows = list(board.dropna(subset=["brief_miou", "miou_ss"]).itertuples())
    return {
        (a.key, b.key)
        for a in rows
        for b in rows
        if a is not b and a.brief_miou >= b.brief_miou and a.miou_ss <= b.miou_ss
    }


# %% q2: takes 0 for what is missing
def reversals(board):
    rows = list(board.fillna(0).itertuples())
    return {
        (a.key, b.key) for a in rows for b in rows if a.brief_miou > b.brief_miou and a.miou_ss < b.miou_ss
    }


# %% q3: stops at the first fault, and calls a missing score a fault
def audit(row):
    if not str(row["source"]).strip():
        return {"no source"}
    if pd.isna(row["miou_ss"]) or pd.isna(row["miou_ms"]):
        return {"no score"}
    return {"fraction"} if row["miou_ss"] < 1 else set()


# %% q3: every row is fine
found = {f"model-{k}": set() for k in range(10)}


def audit(row):
    return set() if pd.notna(row["params_m"]) else {"not millions"}


# %% q3: counts rows with one fault right, and says nothing about the rows that came
found = {f"model-{k}": {"no source"} for k in range(10)}


# %% q4: whatever the size counts
def cheapest_within(board, protocol, points):
    rows = board.dropna(subset=[f"miou_{protocol}", "params_m"])
    near = rows[rows[f"miou_{protocol}"] >= rows[f"miou_{protocol}"].max() - points]
    return near.sort_values("params_m")["key"].iloc[0]


# %% q4: the best one, whatever it costs
def cheapest_within(board, protocol, points):
    rows = board[(board["regime"] == "fine-tuned") & (board["params_of"] == "whole")].dropna(
        subset=["params_m"]
    )
    return rows.sort_values(f"miou_{protocol}", ascending=False)["key"].iloc[0]


# %% q4: of equally small ones, the first
def cheapest_within(board, protocol, points):
    score = f"miou_{protocol}"
    rows = board[(board["regime"] == "fine-tuned") & (board["params_of"] == "whole")]
    rows = rows.dropna(subset=[score, "params_m"])
    near = rows[rows[score] >= rows[score].max() - points]
    return near.loc[near["params_m"].idxmin(), "key"]


# %% q5: published minus rerun
def rerun_differences(board, reruns):
    published = reruns["published_key"].map(board.set_index("key")["miou_ss"])
    return (published - reruns["miou_ss"]).dropna().to_numpy()


# %% q5: fills a missing score with the multi-scale one
def rerun_differences(board, reruns):
    scores = board.set_index("key")
    published = reruns["published_key"].map(scores["miou_ss"].fillna(scores["miou_ms"]))
    return (reruns["miou_ss"].fillna(reruns["miou_ms"]) - published).dropna().to_numpy()


# %% q5: one rerun for each design
def rerun_differences(board, reruns):
    once = reruns.drop_duplicates("published_key")
    published = once["published_key"].map(board.set_index("key")["miou_ss"])
    return (once["miou_ss"] - published).dropna().to_numpy()
