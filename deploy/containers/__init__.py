"""What a node in containers needs beside its services: secrets, databases, one word about its health."""
