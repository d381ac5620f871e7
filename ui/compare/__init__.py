"""The parts of the Compare page, a module for each tab and what they share."""
