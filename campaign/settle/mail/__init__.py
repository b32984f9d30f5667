"""Mails as evidence: bounces, complaints, and those of people who want no more."""
