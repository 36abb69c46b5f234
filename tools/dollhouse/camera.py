"""The camera: level, as people hold it, verticals kept vertical by shifting the lens."""

import math

import bpy
import numpy as np

from .world import world

SENSOR_MM = 36.0


def camera(position, yaw, lens, shift_y=0.0, clip=0.05, pitch=0.0):
    """Place the camera: position in meters, yaw (clockwise from +y) and pitch in radians, lens in mm.

    shift_y: lens shift, in widths of the picture. clip: meters; nearer things are not seen.
    """
    cam = bpy.data.cameras.new("camera")
    cam.lens, cam.sensor_width, cam.shift_y = lens, SENSOR_MM, shift_y
    cam.clip_start, cam.clip_end = clip, 5000
    ob = bpy.data.objects.new("camera", cam)
    ob.location = position
    ob.rotation_euler = (math.pi / 2 + pitch, 0, -yaw)
    sc = bpy.context.scene
    sc.collection.objects.link(ob)
    sc.camera = ob
    world.camera = {
        "position_m": [round(float(v), 4) for v in position],
        "yaw_deg": round(math.degrees(yaw), 3),
        "pitch_deg": round(math.degrees(pitch), 3),
        "lens_mm": round(float(lens), 3),
        "sensor_width_mm": SENSOR_MM,
        "shift_y": round(float(shift_y), 5),
        "clip_m": round(float(clip), 4),
    }


def room_view(room, focus=0.5):
    """Look into a room from behind its front wall, which is clipped away. focus: 0..1 across the back."""
    rng = world.rng
    x, y = room.W * rng.uniform(0.3, 0.7), -rng.uniform(0.3, 1.1)
    yaw = math.atan2(room.W * focus - x, room.D * 0.85 - y) * rng.uniform(0.75, 1.0)
    lens = rng.uniform(24, 29)
    z = rng.uniform(1.3, 1.6)
    half = math.atan(SENSOR_MM / 2 / lens)
    clip = max((-y + 0.02) / math.cos(abs(yaw) + half) * math.cos(half), 0.1) + 0.06
    shift = -(z - room.H * 0.40) / (room.D * 0.8) * lens / SENSOR_MM
    camera((x, y, z), yaw, lens, shift_y=float(np.clip(shift, -0.16, 0.02)), clip=clip)


def inside_view(room, focus=0.5):
    """Look down a long, narrow room from inside it. focus: 0..1 across the back wall."""
    rng = world.rng
    x, z = room.W * rng.uniform(0.4, 0.6), rng.uniform(1.4, 1.6)
    yaw = math.atan2(room.W * focus - x, room.D * 0.9) + rng.uniform(-0.08, 0.08)
    camera((x, 0.25, z), yaw, rng.uniform(22, 26), shift_y=rng.uniform(-0.1, -0.05))


def project(points):
    """Where points (N x 3, meters) fall: (u, v, depth); u 0..1 left to right, v 0..1 downwards at 4:3."""
    c = world.camera
    yaw = math.radians(c["yaw_deg"])
    d = np.asarray(points, float) - c["position_m"]
    right = d[:, 0] * math.cos(yaw) - d[:, 1] * math.sin(yaw)
    ahead = np.maximum(d[:, 0] * math.sin(yaw) + d[:, 1] * math.cos(yaw), 1e-3)
    k = c["lens_mm"] / c["sensor_width_mm"]
    return right / ahead * k + 0.5, 0.5 - (d[:, 2] / ahead * k - c["shift_y"]) * 4 / 3, ahead
