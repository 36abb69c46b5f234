"""Makes what students and instructors get from `assignments/` (build.py); grades what comes in (grade.py)."""
