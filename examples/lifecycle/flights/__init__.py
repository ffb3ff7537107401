"""Predict which flights arrive late, from what is known before they depart."""
