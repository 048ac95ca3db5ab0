"""The session service without a screen: intents in, guards asked, faults driven, everything journaled."""
