"""What a province says otherwise than headquarters, within the bounds that headquarters sets."""
